// split.mjs: the wasm module in two files. The first has what the first steppable picture needs, the later one comes
// while the learner looks at it: presets, tables, queries, lessons … The build is one program; its functions are dealt
// out by binaryen's wasm-split (a part of every Emscripten), its data by split_data.mjs.
//
//     mmscope.wasm ──► first.wasm   everything that can be reached without going through a later root
//                  └─► later.wasm   the rest; it takes memory, table and functions from the first instance
//
// A later root is a function of a name below: bindings.cpp keeps what the page may call early apart from what it may
// not, and web/page/module.ts gives the page the latter only once both halves are there. In the first file its place in
// the function table holds an import of the namespace "later".
import { execFile } from "node:child_process";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { splitData } from "./split_data.mjs";

const run = promisify(execFile);

/** Demangled names of functions that only the later half needs, although the function table or an export holds them. */
export const LATER = [
  // wasm/later.cpp, wasm/compare.cpp. Not Embind's way to it: JavaScript keeps those functions as it found them at the start, and where two
  // classes have methods of one shape the linker makes one function of them.
  /^(?!.*emscripten::internal).*\b(Later|Compare)\b/,
  /^mmscope_later$/,
  /^mmscope::\(anonymous namespace\)::\$_\d+::__invoke\(mmscope::Context const&/, // the fields of core/query/fields.def
  /^mmscope::fold_slub\(/,
  /^mmscope::(fold_old|add_old_to|verify_old|fold_old_slabs|add_old_slabs_to|verify_old_slabs)\(|mmscope::(SystemPages\b|OldSlabs\b)/, // the allocators before memblock: no recorded boot has them
  /^mmscope::page_calls::/, // requests to the running machine: no boot makes one
  /^mmscope::canvas::\(anonymous namespace\)::(Walk|Slab|Sections|Zones|Pcp|Buddy|Pageblocks|Timeline)Panel::(?!~)/, // Desk::whole; a failed canvas destroys them early
  /^(fmt_fp|pop_arg_long_double)$/, // floating point of C's printf: JSON's, the first half prints none
  /^__cxxabiv1::/, // dynamic_cast and catch: there is none
  /^WindowSettingsHandler_(WriteAll|ReadOpen|ReadLine)/, // ImGui keeps no settings
];

/** Called by functions of the first half, but not while the first picture is made: they go along with the others. */
export const COLD = [
  /^stbtt__(run_charstring|cff|cid|dict|get_subr|tesselate_cubic|csctx)/, // outlines of fonts that ours is none of
  /^__rem_pio2f$/, // the sine of more than a turn, for which it has 2.7 kB of digits of 2/pi
  /^mmscope::\(anonymous namespace\)::(Emulation::|emulate\()/, // numa=fake
  /^mmscope::\(anonymous namespace\)::ZoneInit::spread_kernelcore\(/, // kernelcore=, movablecore=
  /^mmscope::memblock::(double_array|cap_memory_range)\(/, // x86 boots have no need of them
  /^ImGui::(TabBarLayout|TabBarScrollingButtons|MultiSelectItemFooter|EndMultiSelect|RenderMouseCursor)\(/, // widgets that
  /^ImGui::NavUpdateWindowingOverlay\(/, // Ctrl+Tab through windows: there is one
  /^ImGui::(BeginCombo|BeginComboPopup|ShrinkWidths)\(/, // the first panels have not
  /^mmscope::Slub::(fold|kmem_cache_\w+|add_to|verify\w*)\(/, // no slab allocator at the start
  /^mmscope::PageAlloc::(set_block|lru_add|lru_del|split_page|block|clear_blocks)\(/, // blocks of requests
  /^mmscope::canvas::place_tabs\(/, // Desk::whole
  // Builds and architectures that the page does not begin with, and boots of theirs.
  /^mmscope::(\(anonymous namespace\)::)?(find_later_(config|arch)|all_(configs|arches)|guess_arch)\(/,
  /^mmscope::(arm64_memblock_init|arch_numa_init|adjust_lowmem_bounds|bootmem_init|dma_contiguous_reserve)\(/,
  /^mmscope::(cma_init_reserved_areas|initmem_init|set_highmem_pages_init|free_highpages)\(/,
  /^mmscope::(alloc_node_mem_map|setup_usemap|flat_pages_valid|infer_small_build|device_tree_phases|reserved_before)\(/,
  // Boots before memblock.
  /^mmscope::(bootmem_request|old_\w+|zone_wait_table_init|free_area_init_core|print_old_memory_line)\(/,
  /^mmscope::(no_struct_pages|(why_not_)?free_to_pair_zones)\(/,
  /^mmscope::PageAlloc::(old_fallback|page_of_one_list|free_pcp_batch)\(/,
  /^mmscope::(ram_before_memblock|count_unowned_before_memblock|bootmem_script)\(/,
  /^mmscope::\(anonymous namespace\)::Builder::(infer_|look_back|device_tree_|make_phase|nearest_config|refuse_\w+|found\()/,
  /^mmscope::\(anonymous namespace\)::(later_(event|op)_info|find_later_op)\(/, // of what no boot does
  /^mmscope::lost_head\(|Builder::(play_lost_head|move_image)\(/, // a log that lost its beginning
  /^mmscope::SparseMem::remove\(/, // memory unplugged
  /^mmscope::(make_script|check_spec)\(|Builder::(from_model|facts_of_model)\(/, // a log without memblock=debug; the recorded boots that the page begins with have it
];

// What the instances share: Emscripten's stack pointer is a mutable global.
const features = ["--enable-mutable-globals"];

/** Writes first.wasm and later.wasm into `folder`; returns how many functions and bytes of data went into the latter. */
export async function split(wasm, folder) {
  const scratch = await mkdtemp(join(tmpdir(), "mmscope-split-"));
  try {
    const tool = (name, ...args) => run(join(process.env.BINARYEN ?? "", name), args, { maxBuffer: 1 << 28 });
    const { stdout } = await tool("wasm-opt", wasm, "--print-call-graph", "-o", join(scratch, "same.wasm"));
    const graph = readGraph(stdout);
    const later = laterOf(graph);
    // Without its names a module calls its functions 0, 1, 2 …, in the same order; so do the halves' exports.
    const nameless = join(scratch, "nameless.wasm");
    await tool("wasm-opt", wasm, ...features, "--strip-debug", "-o", nameless);
    const list = join(scratch, "later.txt");
    await writeFile(list, later.map((name) => graph.defined.indexOf(name)).join("\n"));
    await mkdir(folder, { recursive: true });
    const first = join(folder, "first.wasm");
    const rest = join(folder, "later.wasm");
    await tool(
      "wasm-split",
      nameless,
      ...features,
      `--split-funcs=@${list}`,
      "--import-namespace=first",
      "--placeholder-namespace=later",
      ...["-o1", first, "-o2", rest],
    );
    // What the cut has laid bare: a function that is called from one half alone, a constant argument.
    for (const half of [first, rest]) await tool("wasm-opt", half, ...features, "-Oz", "--converge", "-o", half);
    const texts = await Promise.all(
      [first, rest].map(async (half) => (await tool("wasm-dis", half, ...features)).stdout),
    );
    const data = await splitData(first, rest, await readFile(wasm.replace(/\.wasm$/, ".map"), "utf8"), texts);
    return { first, later: rest, functions: graph.defined.length, moved: later.length, data };
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

/** The call graph in Graphviz' language, as wasm-opt prints it: names in order, direct calls, what a table or export holds. */
export function readGraph(dot) {
  const name = (quoted) =>
    quoted.replace(/\\([0-9a-f]{2})/g, (_, code) => String.fromCharCode(Number.parseInt(code, 16)));
  const graph = { defined: [], calls: new Map(), held: new Set(), exported: new Set() };
  for (const line of dot.slice(dot.indexOf("node [shape=box", dot.indexOf("Indirect Target"))).split("\n")) {
    const call = line.match(/^ {2}"(.*)" -> "(.*)"; \/\/ call/);
    const node = line.match(/^ {2}"(.*)" \[style="filled(, rounded)?"(?:, fillcolor="(\w+)")?\];/);
    if (call) {
      const [from, to] = [name(call[1]), name(call[2])];
      graph.calls.set(from, (graph.calls.get(from) ?? new Set()).add(to));
    } else if (node?.[2]) graph.held.add(name(node[1]));
    else if (node?.[3] === "white") graph.defined.push(name(node[1]));
    else if (node?.[3] === "gray") graph.exported.add(name(node[1]));
  }
  return graph;
}

function laterOf({ defined, calls, held, exported }) {
  const isOne = (name, patterns) => patterns.some((pattern) => pattern.test(name));
  const reached = new Set([...exported, ...held, "__wasm_call_ctors"].filter((name) => !isOne(name, LATER)));
  for (const name of reached) for (const next of calls.get(name) ?? []) if (!isOne(next, COLD)) reached.add(next);
  return defined.filter((name) => !reached.has(name));
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { first, later, functions, moved, data } = await split(process.argv[2], process.argv[3]);
  console.log(`${moved} of ${functions} functions and ${data} bytes of data come later`);
  for (const file of [first, later]) console.log(`${(await readFile(file)).length}  ${file}`);
}
