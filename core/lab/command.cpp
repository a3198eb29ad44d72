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
constexpr ArgTable arg_tables[] = {
#include "lab/commands.def"
};
#undef COMMAND
#undef A

constexpr OpInfo infos[] = {
#define COMMAND(name, summary, ...)                                                                                    \
  {#name,                                                                                                              \
   summary,                                                                                                            \
   {arg_tables[static_cast<unsigned>(Op::name)].args.data(), arg_tables[static_cast<unsigned>(Op::name)].count}},
#include "lab/commands.def"
#undef COMMAND
};

// Text arguments share one string, so an operation has at most one.
constexpr bool one_text_each() {
  for (const OpInfo &info : infos) {
    unsigned texts = 0;
    for (const ArgInfo &a : info.args) texts += a.kind == ArgKind::text;
    if (texts > 1) return false;
  }
  return true;
}
static_assert(one_text_each());

} // namespace

const OpInfo &op_info(Op op) { return infos[static_cast<unsigned>(op)]; }

std::optional<Op> find_op(std::string_view name) {
  for (unsigned i = 0; i < op_count; ++i)
    if (infos[i].name == name) return static_cast<Op>(i);
  return std::nullopt;
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
