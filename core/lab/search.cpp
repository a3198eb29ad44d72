#include "lab/search.hpp"

#include "base/text.hpp"

#include <algorithm>

namespace mmscope {
namespace {

constexpr std::string_view sources[] = {"function", "caller", "owner", "phase", "kind", "line"};
constexpr unsigned anywhere = (1u << std::size(sources)) - 1;
constexpr std::size_t most_text = 200;

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

bool holds(std::string_view text, std::string_view word) { // `word` is in lower case
  return std::search(text.begin(), text.end(), word.begin(), word.end(),
                     [](char a, char b) { return lower(a) == b; }) != text.end();
}
bool same(std::string_view a, std::string_view b) { return a.size() == b.size() && holds(a, b); }

/// A field's value by its name, for the fields whose numbers have one.
std::optional<u64> named_value(const FieldInfo &field, std::string_view name, const Arch &arch) {
  const auto among = [&](u64 n, auto name_of) -> std::optional<u64> {
    for (u64 i = 0; i < n; ++i)
      if (same(name_of(i), name)) return i;
    return std::nullopt;
  };
  if (field.unit == FieldUnit::zone)
    return among(arch.zones.size(),
                 [&](u64 i) { return std::string_view(arch.zones[static_cast<std::size_t>(i)].name); });
  if (field.unit == FieldUnit::type)
    return among(migratetype_count, [](u64 i) { return migratetype_name(static_cast<migratetype>(i)); });
  if (field.name == "state")
    return among(page_state_count, [](u64 i) { return page_state_name(static_cast<PageState>(i)); });
  return std::nullopt;
}

} // namespace

Search::Search(const Lab &lab, std::string_view query, std::size_t most) : lab_(lab), replay_(lab), most_(most) {
  static_assert(std::size(sources) == source_count && max_search_terms <= 8 * sizeof(Terms));
  read(query);
  all_ = (Terms{1} << terms_) - 1;
  for (unsigned k = 0; k < event_kind_count; ++k) kinds_[k] = fits(event_info(static_cast<EventKind>(k)).name, in_kind);
}

// --- the query ---

void Search::read(std::string_view query) {
  if (query.size() > max_search_bytes) {
    error_ = concat("a search has at most ", max_search_bytes, " bytes");
    return;
  }
  std::vector<std::string> tokens;
  for (std::size_t i = 0; i < query.size();) {
    const std::size_t begin = i;
    while (i < query.size() && static_cast<unsigned char>(query[i]) > ' ') ++i;
    if (i > begin) {
      std::string &token = tokens.emplace_back(query.substr(begin, i - begin));
      std::transform(token.begin(), token.end(), token.begin(), lower);
    } else {
      ++i;
    }
  }
  if (tokens.empty()) error_ = "nothing to look for";
  for (std::size_t i = 0; i < tokens.size() && error_.empty(); ++i) {
    if (terms_ == max_search_terms) {
      error_ = concat("a search has at most ", max_search_terms, " words");
      return;
    }
    const std::string_view token = tokens[i];
    const std::size_t colon = token.find(':');
    if (colon != std::string_view::npos && colon + 1 < token.size() &&
        read_key(token.substr(0, colon), token.substr(colon + 1))) {
      ++terms_;
      continue;
    }
    if (!error_.empty()) return;
    if (i + 1 < tokens.size() && parse_u64(tokens[i + 1]) && read_number(token, tokens[i + 1]))
      ++i;
    else if (token.ends_with('p') && parse_u64(token.substr(0, token.size() - 1)))
      read_number("pfn", token.substr(0, token.size() - 1));
    else if (token.starts_with("0x") && parse_u64(token))
      read_number("addr", token);
    else
      word(token, anywhere);
    ++terms_;
  }
}

void Search::word(std::string_view text, unsigned where) {
  words_.emplace_back(text, bit());
  for (unsigned s = 0; s < source_count; ++s)
    if ((where >> s & 1) != 0) may_[s] |= bit();
}

bool Search::read_key(std::string_view key, std::string_view value) {
  for (unsigned s = 0; s < source_count; ++s)
    if (key == sources[s]) {
      word(value, 1u << s);
      return true;
    }
  return read_number(key, value);
}

bool Search::read_number(std::string_view key, std::string_view value) {
  const Arch &arch = *lab_.state().arch;
  const std::optional<u64> number = parse_u64(value);
  if (key == "pfn" || key == "page" || key == "addr") {
    const unsigned shift = key == "addr" ? 0 : arch.page_shift;
    if (!number || *number >> (64 - shift - 1) != 0) {
      error_ = concat("not ", shift == 0 ? "an address" : "a page frame number", ": ", value);
      return false;
    }
    places_.push_back({*number << shift, (*number + 1) << shift, bit()});
    return true;
  }
  bool any = false;
  for (unsigned k = 0; k < event_kind_count; ++k) {
    const auto fields = event_info(static_cast<EventKind>(k)).fields;
    for (std::size_t f = 0; f < fields.size(); ++f) {
      if (fields[f].unit == FieldUnit::text || (key != fields[f].name && key != unit_name(fields[f].unit))) continue;
      const std::optional<u64> wanted = number ? number : named_value(fields[f], value, arch);
      if (!wanted) continue;
      fields_.push_back({static_cast<EventKind>(k), static_cast<u8>(f), *wanted, bit()});
      any = true;
    }
  }
  return any;
}

// --- looking ---

Search::Terms Search::fits(std::string_view text, Source source) const {
  Terms t = 0;
  for (const auto &[word, term] : words_)
    if ((may_[source] & term) != 0 && holds(text, word)) t |= term;
  return t;
}

Search::Terms Search::fits_id(u64 text, Source source) {
  constexpr Terms not_looked = ~Terms{0};
  const auto id = static_cast<std::size_t>(text);
  if (id >= known_.size()) known_.resize(id + 1, not_looked);
  if (known_[id] == not_looked) {
    known_[id] = 0;
    for (const auto &[word, term] : words_)
      if (holds(replay_.texts().text(text), word)) known_[id] |= term;
  }
  return known_[id] & may_[source];
}

Search::Terms Search::fits_event(const Event &e, u64 call, std::size_t index) {
  Terms own = kinds_[static_cast<std::size_t>(e.kind)];
  if (e.kind == EventKind::lab_call || e.kind == EventKind::lab_return) // a bare "call" is not meant for these
    own &= ~may_[in_function];
  if (e.kind == EventKind::lab_call) own |= fits_id(e.f[0], in_function) | fits_id(e.f[1], in_caller);
  if (e.kind == EventKind::lab_line) own |= fits_id(e.f[0], in_line);
  for (const Field &f : fields_)
    if (f.kind == e.kind && e.f[f.field] == f.value) own |= f.term;
  if (!places_.empty())
    if (const auto at = reach(e, *lab_.state().arch, &arrays_))
      for (const PlaceTerm &p : places_)
        if (at->covers(p.base, p.end)) own |= p.term;
  if (may_[in_owner] != 0)
    if (const OwnerChange *c = lab_.index().change_at(call, index + 1); c != nullptr && c->owner != nobody)
      own |= fits(lab_.index().owners()[c->owner].label, in_owner);
  return own;
}

void Search::see(u64 call, const Command &c, const CallRecord &r) {
  const Phase phase = c.phase != Phase::none ? c.phase : replay_.machine().system().phase;
  const std::string_view name = op_info(c.op).name;
  const Terms of_call =
      fits(name, in_function) | fits(c.caller, in_caller) | fits(c.owner, in_owner) | fits(phase_name(phase), in_phase);
  if (of_call == all_) {
    std::string text(name);
    if (!c.caller.empty()) append(text, " by ", c.caller);
    if (!c.owner.empty()) append(text, " for ", c.owner);
    hit({call + 1, 0, 0}, false, std::move(text));
  }
  std::vector<Terms> open{of_call};
  for (std::size_t i = 0; i < r.events.size(); ++i) {
    const Event &e = r.events[i];
    if (of_call != all_) {
      const Terms own = fits_event(e, call, i);
      if (own != 0 && (own | open.back()) == all_) hit(shown_at(call, i, r), true, to_text(replay_.texts(), e));
    }
    if (e.kind == EventKind::lab_call)
      open.push_back(open.back() | fits_id(e.f[0], in_function) | fits_id(e.f[1], in_caller));
    if (e.kind == EventKind::lab_return && open.size() > 1) open.pop_back();
    if (!places_.empty()) arrays_.fold(e);
  }
}

void Search::hit(Position at, bool event, std::string text) {
  ++total_;
  if (at_.size() < max_search_places) at_.emplace_back(static_cast<u32>(at.call), static_cast<u32>(at.event));
  if (hits_.size() >= most_) return;
  if (text.size() > most_text) text.resize(most_text);
  hits_.push_back({at, event, std::move(text)});
}

bool Search::advance(u64 calls) {
  if (!error_.empty()) return true;
  const auto restarted = [&] {
    arrays_ = replay_.machine().system().memblock;
    total_ = 0;
    hits_.clear();
    at_.clear();
  };
  return replay_.advance(calls, restarted, [&](u64 call, const Command &c, const CallRecord &r) { see(call, c, r); });
}

std::optional<Position> Search::next(Position from) const {
  const auto it = std::partition_point(at_.begin(), at_.end(), [&](auto at) {
    return Position{at.first, at.second, 0} <= from;
  });
  return it == at_.end() ? std::nullopt : std::optional(Position{it->first, it->second, 0});
}

std::optional<Position> Search::previous(Position from) const {
  const auto it = std::partition_point(at_.begin(), at_.end(), [&](auto at) {
    return Position{at.first, at.second, 0} < from;
  });
  if (it == at_.begin()) return std::nullopt;
  return Position{std::prev(it)->first, std::prev(it)->second, 0};
}

} // namespace mmscope
