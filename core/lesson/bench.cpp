#include "lesson/bench.hpp"

#include "io/script_text.hpp"

namespace mmscope {

Bench::Bench(const Script &boot, u64 calls) : script_{boot.setup, {}, boot.bindings, boot.assumed, boot.title} {
  script_.commands.assign(boot.commands.begin(), boot.commands.begin() + static_cast<std::ptrdiff_t>(calls));
  machine_ = std::make_unique<Machine>(script_.setup);
  for (const Command &c : script_.commands) machine_->apply(c, nullptr);
}

Lab &Bench::lab() {
  if (!lab_) {
    lab_ = std::make_unique<Lab>(script_);
    lab_->prepare(~u64{0});
    lab_->seek({lab_->size(), 0});
  }
  return *lab_;
}

TriedCall Bench::make(std::string_view line) {
  TriedCall out;
  if (calls_.size() == max_calls || line.size() > max_line_bytes) {
    out.error = line.size() > max_line_bytes ? "the line is too long" : "so many calls are not needed: take some back";
    return out;
  }
  const ParsedCommand parsed = parse_command(line, script_.bindings);
  if (!parsed.command) {
    out.error = parsed.error.reason;
    out.column = parsed.error.column;
    return out;
  }
  Machine next = *machine_;
  const Result r = next.apply(*parsed.command, nullptr);
  if (!r.ok()) {
    out.error = r.error;
    out.column = r.arg < max_args && parsed.place.arg_columns[r.arg] != 0 ? parsed.place.arg_columns[r.arg]
                                                                          : parsed.place.column;
    return out;
  }
  bound_.push_back(script_.bindings.size());
  if (parsed.command->bind != no_binding && parsed.command->bind >= script_.bindings.size())
    script_.bindings.push_back(parsed.bind_name);
  script_.commands.push_back(*parsed.command);
  *machine_ = std::move(next);
  calls_.emplace_back(line);
  lab_.reset();
  out.made = true;
  out.result = r.value;
  out.result_is_address = returns_address(parsed.command->op);
  return out;
}

bool Bench::undo() {
  if (calls_.empty()) return false;
  calls_.pop_back();
  script_.commands.pop_back();
  script_.bindings.resize(bound_.back());
  bound_.pop_back();
  lab_.reset();
  machine_ = std::make_unique<Machine>(script_.setup);
  for (const Command &c : script_.commands) machine_->apply(c, nullptr);
  return true;
}

} // namespace mmscope
