#include "lab/command.hpp"

#include "base/check.hpp"

namespace mmscope {

namespace {

// The spellings of commands.def.
constexpr ArgKind kind_addr = ArgKind::addr, kind_size = ArgKind::size, kind_num = ArgKind::num,
                  kind_nid = ArgKind::nid, kind_bool = ArgKind::boolean, kind_text = ArgKind::text,
                  kind_flags = ArgKind::flags, kind_value = ArgKind::value, kind_page = ArgKind::page,
                  kind_gfp = ArgKind::gfp, kind_slab = ArgKind::slab;
constexpr bool need_must = true, need_opt = false;

struct ArgTable {
  std::array<ArgInfo, max_args> args{};
  unsigned count = 0;
};
constexpr ArgTable make_args(std::initializer_list<ArgInfo> list) {
  ArgTable t;
  for (const ArgInfo &a : list) t.args[t.count++] = a;
  return t;
}

#define A(name, kind, need)         ArgInfo{#name, kind_##kind, need_##need},
#define COMMAND(name, summary, ...) make_args({__VA_ARGS__}),
constexpr ArgTable all_args[] = {
#include "lab/commands.def"
};
#undef COMMAND
#undef A

constexpr OpInfo all_infos[] = {
#define COMMAND(name, summary, ...) {#name, summary, {}},
#include "lab/commands.def"
#undef COMMAND
};
static_assert(std::size(all_infos) == op_count);

// Text arguments share one string, so an operation has at most one.
constexpr bool one_text_each() {
  for (const ArgTable &table : all_args) {
    unsigned texts = 0;
    for (const ArgInfo &a : table.args) texts += !a.name.empty() && a.kind == ArgKind::text;
    if (texts > 1) return false;
  }
  return true;
}
static_assert(one_text_each());

// The page begins with a boot and with the tables of its calls: those that a running machine is asked for come later
// (web/hosting/split.mjs). Nobody else can tell the difference.
constexpr std::size_t boot_ops = static_cast<std::size_t>(Op::alloc_pages);
template <std::size_t from, std::size_t to, class T>
constexpr std::array<T, to - from> part_of(const T (&all)[op_count]) {
  std::array<T, to - from> part{};
  for (std::size_t i = from; i < to; ++i) part[i - from] = all[i];
  return part;
}
constexpr auto boot_args = part_of<0, boot_ops>(all_args);
constexpr auto later_args = part_of<boot_ops, op_count>(all_args);
template <std::size_t n>
constexpr std::array<OpInfo, n> with_args(std::array<OpInfo, n> infos, const std::array<ArgTable, n> &args) {
  for (std::size_t i = 0; i < n; ++i) infos[i].args = {args[i].args.data(), args[i].count};
  return infos;
}
constexpr auto boot_infos = with_args(part_of<0, boot_ops>(all_infos), boot_args);
constexpr auto later_infos = with_args(part_of<boot_ops, op_count>(all_infos), later_args);

[[gnu::noinline]] const OpInfo &later_op_info(std::size_t i) { return later_infos[i - boot_ops]; }
[[gnu::noinline]] std::optional<Op> find_later_op(std::string_view name) {
  for (std::size_t i = boot_ops; i < op_count; ++i)
    if (later_infos[i - boot_ops].name == name) return static_cast<Op>(i);
  return std::nullopt;
}

} // namespace

const OpInfo &op_info(Op op) {
  const auto i = static_cast<std::size_t>(op);
  return i < boot_ops ? boot_infos[i] : later_op_info(i);
}

std::optional<Op> find_op(std::string_view name) {
  for (std::size_t i = 0; i < boot_ops; ++i)
    if (boot_infos[i].name == name) return static_cast<Op>(i);
  return find_later_op(name);
}

bool returns_address(Op op) {
  switch (op) {
  case Op::memblock_alloc_range_nid:
  case Op::memblock_alloc_try_nid:
  case Op::memblock_alloc_try_nid_raw:
  case Op::memblock_alloc_exact_nid_raw:
  case Op::memblock_phys_alloc_range:
  case Op::memblock_phys_alloc_try_nid:
  case Op::alloc_bootmem:
  case Op::slab_alloc:
  case Op::slab_kmalloc:
  case Op::slob_alloc:
  case Op::slob_kmalloc:
  case Op::kmem_cache_alloc:
  case Op::kmalloc: return true;
  default: return false;
  }
}

bool returns_page(Op op) { return op == Op::alloc_pages || op == Op::alloc_pages_exact; }

Command command(Op op, std::initializer_list<u64> values, std::string_view caller, Phase phase) {
  MM_CHECK(values.size() <= op_info(op).args.size());
  Command c;
  c.op = op;
  std::size_t i = 0;
  for (const u64 v : values) {
    c.args[i].value = v;
    c.args[i].given = true;
    ++i;
  }
  c.caller = caller;
  c.phase = phase;
  return c;
}

} // namespace mmscope
