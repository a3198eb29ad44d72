// Command: one kernel call with its arguments, and where it came from. A script
// is a list of these; so are a replayed boot, a preset and a share link.
//
//   Command c = command(Op::memblock_reserve, {0x1000000, 0x3400000}, "setup_arch");
//   Machine m(script.setup);  m.apply(c, trace);      // lab/machine.hpp
//
// As text: io/script_text.hpp.
#pragma once
#include "base/types.hpp"
#include "mm/system.hpp"

#include <array>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace mmscope {

enum class Op : u16 {
#define COMMAND(name, summary, ...) name,
#include "lab/commands.def"
#undef COMMAND
};
#define COMMAND(name, summary, ...) +1
inline constexpr unsigned op_count = 0
#include "lab/commands.def"
    ;
#undef COMMAND

enum class ArgKind : u8 { addr, size, num, nid, boolean, text, flags, value, page, gfp, slab };
inline constexpr unsigned max_args = 6;

struct ArgInfo {
  std::string_view name;
  ArgKind kind;
  bool must;
};
struct OpInfo {
  std::string_view name;
  std::string_view summary;
  std::span<const ArgInfo> args;
};
const OpInfo &op_info(Op op);
std::optional<Op> find_op(std::string_view name);
// Its result is an address, 0 when the allocation failed; any other result is 0 or a negative errno (in two's
// complement), or a count of pages.
bool returns_address(Op op);
// Its result is the number of a block's first page, 0 when the request was refused.
bool returns_page(Op op);
inline constexpr bool may_be_bound(ArgKind k) { return k == ArgKind::value || k == ArgKind::page; }

inline constexpr u32 no_binding = ~u32{0};

struct Arg {
  u64 value = 0; // or, with a binding, the offset to add to it
  u32 binding = no_binding;
  bool given = false; // optional arguments that were left out take the kernel's default
  friend bool operator==(const Arg &, const Arg &) = default;
};

struct Command {
  Op op{};
  std::array<Arg, max_args> args{};
  std::string text;      // the value of a text argument
  u32 bind = no_binding; // slot that receives the result
  std::string caller;    // kernel function that made the call, "" when unknown
  std::string owner;     // what a reservation is for, as a person says it ("initrd"), "" when not known
  Phase phase = Phase::none;
  u32 line = 0; // line of the log or script it came from; 0 = none
  friend bool operator==(const Command &, const Command &) = default;
};

// Fills in positional values in the order of the op's arguments; all count as given.
Command command(Op op, std::initializer_list<u64> values, std::string_view caller = {}, Phase phase = Phase::none);

struct Script {
  SystemSetup setup{};
  std::vector<Command> commands;
  std::vector<std::string> bindings; // names of the result slots
  std::vector<std::string> assumed;  // what had to be assumed to make it, in words
  std::string title;                 // "Linux 6.1.0-50-amd64, 1 GiB" …
};

} // namespace mmscope
