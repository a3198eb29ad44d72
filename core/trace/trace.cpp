#include "trace/trace.hpp"

#include "base/check.hpp"
#include "base/text.hpp"

#include <algorithm>

namespace mmscope {

void Trace::emit(EventKind kind, std::initializer_list<u64> fields) {
  MM_CHECK(fields.size() == event_info(kind).fields.size());
  Event e{kind, {}};
  std::copy(fields.begin(), fields.end(), e.f.begin());
  events_.push_back(e);
}

u64 Trace::text_id(std::string_view s) {
  if (const auto it = ids_.find(s); it != ids_.end()) return it->second;
  const u64 id = texts_.size();
  texts_.emplace_back(s);
  ids_.emplace(std::string(s), id);
  return id;
}

Call::Call(Trace *t, std::string_view name, std::string_view caller, std::initializer_list<u64> args) : t_(t) {
  if (t_ == nullptr) return;
  MM_CHECK(args.size() <= 5);
  u64 a[5] = {};
  std::copy(args.begin(), args.end(), a);
  t_->emit(EventKind::lab_call, {t_->text_id(name), t_->text_id(caller), a[0], a[1], a[2], a[3], a[4]});
}

Call::~Call() { emit(t_, EventKind::lab_return, {result_}); }

std::string to_text(const Trace &t, const Event &e) {
  const EventInfo &info = event_info(e.kind);
  std::string s(info.name);
  for (std::size_t i = 0; i < info.fields.size(); ++i) {
    append(s, ' ', info.fields[i].name, '=');
    const u64 v = e.f[i];
    switch (info.fields[i].unit) {
    case FieldUnit::addr:
    case FieldUnit::bytes:
    case FieldUnit::pfn:
    case FieldUnit::flags:
      s += "0x";
      append_hex(s, v);
      break;
    case FieldUnit::node: append_signed(s, static_cast<i64>(v)); break;
    case FieldUnit::text: s += t.text(v); break;
    default: append_dec(s, v);
    }
  }
  return s;
}

} // namespace mmscope
