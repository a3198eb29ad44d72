// examples.ts: machines of before memblock as scripts, told step by step in their comments. They come when one is chosen.
// Locale: "machine.<name>".
import bootmem from "../../tests/data/scripts/bootmem-64M.txt";
import sixteen from "../../tests/data/scripts/sixteen-pages.txt";

/** By the names of EXAMPLES in machines.ts. */
export const SCRIPTS: Record<string, string> = {
  "sixteen-pages": sixteen,
  "sixteen-pages-lower": sixteen.replace("take=upper", "take=lower"),
  "bootmem-64M": bootmem,
};
