// Certificates for tests, made at run time in a temporary folder.
#pragma once
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <unistd.h>
#include <cstdio>
#include <filesystem>
#include <string>

namespace mailtrace::test {

struct TemporaryFolder {
  TemporaryFolder() {
    std::string pattern = (std::filesystem::temp_directory_path() / "mailtrace-test-XXXXXX").string();
    path = mkdtemp(pattern.data());
  }
  ~TemporaryFolder() { std::filesystem::remove_all(path); }
  TemporaryFolder(const TemporaryFolder&) = delete;
  std::string file(const std::string& name) const { return (path / name).string(); }
  std::filesystem::path path;
};

// Signs what it issues; writes <name>.pem and <name>.key.
class Authority {
 public:
  Authority(const TemporaryFolder& folder, const std::string& name) : folder_(folder), name_(name) {
    key_ = EVP_EC_gen("P-256");
    certificate_ = make(key_, name, "CA:TRUE", "");
    write(name, certificate_, key_);
  }
  ~Authority() {
    X509_free(certificate_);
    EVP_PKEY_free(key_);
  }
  Authority(const Authority&) = delete;
  std::string certificate_file() const { return folder_.file(name_ + ".pem"); }

  // `alternative`: such as "DNS:mx1.example.org", or "" for a common name only.
  void issue(const std::string& file, const std::string& common_name, const std::string& alternative) {
    EVP_PKEY* key = EVP_EC_gen("P-256");
    X509* made = make(key, common_name, "CA:FALSE", alternative);
    write(file, made, key);
    X509_free(made);
    EVP_PKEY_free(key);
  }

 private:
  X509* make(EVP_PKEY* key, const std::string& common_name, const char* constraints,
             const std::string& alternative) {
    X509* made = X509_new();
    X509_set_version(made, 2);
    ASN1_INTEGER_set(X509_get_serialNumber(made), ++serial_);
    X509_gmtime_adj(X509_getm_notBefore(made), -3600);
    X509_gmtime_adj(X509_getm_notAfter(made), 24 * 3600);
    X509_set_pubkey(made, key);
    X509_NAME_add_entry_by_txt(X509_get_subject_name(made), "CN", MBSTRING_UTF8,
                               reinterpret_cast<const unsigned char*>(common_name.c_str()), -1, -1, 0);
    X509_set_issuer_name(made, X509_get_subject_name(certificate_ ? certificate_ : made));
    extend(made, NID_basic_constraints, constraints);
    if (!alternative.empty()) extend(made, NID_subject_alt_name, alternative.c_str());
    X509_sign(made, key_, EVP_sha256());
    return made;
  }
  void extend(X509* made, int kind, const char* value) {
    X509V3_CTX context;
    X509V3_set_ctx(&context, certificate_ ? certificate_ : made, made, nullptr, nullptr, 0);
    X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, &context, kind, value);
    X509_add_ext(made, extension, -1);
    X509_EXTENSION_free(extension);
  }
  void write(const std::string& name, X509* certificate, EVP_PKEY* key) {
    FILE* file = fopen(folder_.file(name + ".pem").c_str(), "w");
    PEM_write_X509(file, certificate);
    fclose(file);
    file = fopen(folder_.file(name + ".key").c_str(), "w");
    PEM_write_PrivateKey(file, key, nullptr, nullptr, 0, nullptr, nullptr);
    fclose(file);
  }

  const TemporaryFolder& folder_;
  std::string name_;
  EVP_PKEY* key_ = nullptr;
  X509* certificate_ = nullptr;
  long serial_ = 0;
};

}  // namespace mailtrace::test
