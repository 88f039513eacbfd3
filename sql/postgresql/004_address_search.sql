-- The dictionary of addresses is also searched by domain and by beginning.

CREATE INDEX addresses_address ON addresses (address);

CREATE INDEX addresses_domain ON addresses (reverse(split_part(reverse(address), '@', 1)));

INSERT INTO schema_version (version) VALUES (4);
