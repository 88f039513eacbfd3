// What the address of the page asks for and nobody understands: said, so that nobody takes the results for an answer to it.
import { shorten } from "base/hostile";
import { Logged } from "parts/address";
import { Notice } from "parts/notice";
import { is_text_field, is_time_field, left_out_of, Params } from "search/query";
import { use_words } from "words";

const longest = 80;

export function LeftOut({ query }: { query: Params }) {
  const w = use_words();
  const left_out = left_out_of(query);
  if (left_out.length === 0) return null;
  const field = (name: string) => {
    if (is_text_field(name) || is_time_field(name) || name === "status" || name === "time") return w.search.field[name];
    return name === "sort" ? w.search.sort.label : name === "limit" ? w.search.page_size : shorten(name, longest);
  };
  return (
    <Notice tone="waiting">
      <p>{w.search.left_out}</p>
      <ul className="left_out">
        {left_out.map(([name, value], index) => (
          <li key={index}>
            <Logged>{`${field(name)}: ${shorten(value, longest)}`}</Logged>
          </li>
        ))}
      </ul>
    </Notice>
  );
}
