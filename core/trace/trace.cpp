#include "trace/trace.hpp"

#include "base/check.hpp"
#include "base/text.hpp"

#include <algorithm>

namespace mmscope {
namespace {

// FNV-1a. Which slot a text lies in reaches no result: ids are given in order.
u32 hash_of(std::string_view s) {
  u32 h = 2166136261u;
  for (const char c : s) h = (h ^ static_cast<unsigned char>(c)) * 16777619u;
  return h;
}

} // namespace

void Trace::emit(EventKind kind, std::initializer_list<u64> fields) {
  MM_CHECK(fields.size() == event_info(kind).fields.size());
  Event e{kind, {}};
  std::copy(fields.begin(), fields.end(), e.f.begin());
  events_.push_back(e);
}

u64 Trace::text_id(std::string_view s) {
  if (2 * (texts_.size() + 1) > slots_.size()) grow();
  const std::size_t mask = slots_.size() - 1;
  std::size_t at = hash_of(s) & mask;
  for (; slots_[at] != 0; at = (at + 1) & mask)
    if (texts_[slots_[at] - 1] == s) return slots_[at] - 1;
  texts_.emplace_back(s);
  slots_[at] = static_cast<u32>(texts_.size());
  return texts_.size() - 1;
}

void Trace::grow() {
  slots_.assign(std::max<std::size_t>(64, 2 * slots_.size()), 0);
  const std::size_t mask = slots_.size() - 1;
  for (u32 id = 0; id < texts_.size(); ++id) {
    std::size_t at = hash_of(texts_[id]) & mask;
    while (slots_[at] != 0) at = (at + 1) & mask;
    slots_[at] = id + 1;
  }
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
