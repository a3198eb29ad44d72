#include "io/page_layout_text.hpp"

#include "base/text.hpp"
#include "base/units.hpp"

#include <algorithm>

namespace mmscope {

namespace {

std::string padded(std::string s, std::size_t width) {
  if (s.size() < width) s.append(width - s.size(), ' ');
  return s;
}

std::string size_text(const PlacedMember &m) {
  return m.bits == 0 ? concat(m.size) : concat(m.bits, m.bits == 1 ? " bit" : " bits");
}
std::string place_text(const PlacedMember &m) { return concat(m.offset, " (", size_text(m), ")"); }

std::string title(const PageAsked &a, const PageLayout &l) {
  return concat("struct page of ", a.row->name, ", ", 8 * a.word, "-bit, options ",
                options_text(a.options & options_of(*a.row)), ": ", l.size, " bytes, aligned to ", l.align);
}

// "56–63" of bytes in a row.
std::string ranges_text(const std::vector<u64> &bytes) {
  std::string s;
  for (std::size_t i = 0; i < bytes.size();) {
    std::size_t j = i;
    while (j + 1 < bytes.size() && bytes[j + 1] == bytes[j] + 1) ++j;
    append(s, s.empty() ? "" : ", ", bytes[i], i == j ? std::string() : concat("–", bytes[j]));
    i = j + 1;
  }
  return s;
}

// The row's sources, each once.
std::vector<std::string_view> sources(const PageRow &row) {
  std::vector<std::string_view> all{row.source, row.flags_source};
  for (const PageOverlay &o : row.overlays) all.push_back(o.source);
  std::vector<std::string_view> once;
  for (const std::string_view s : all)
    if (std::find(once.begin(), once.end(), s) == once.end()) once.push_back(s);
  return once;
}

constexpr std::string_view kind_names[] = {"gone", "added", "moved"};
std::string_view kind_name(const MemberChange &c) { return kind_names[static_cast<std::size_t>(c.kind)]; }

void write_member(JsonWriter &w, const PageRow &row, const PlacedMember &m) {
  w.begin_object().key("structure").string(m.structure).key("name").string(m.name);
  w.key("type").string(member_type_name(m.type)).key("offset").number(m.offset).key("size").number(m.size);
  if (m.bits != 0) w.key("bit").number(m.bit).key("bits").number(m.bits);
  w.key("use").string(page_use_name(m.use)).key("depth").number(m.depth).key("what").string(m.what);
  w.key("uses").begin_array();
  for (const PageMeaning &o : row.meanings)
    if (o.member == m.name && o.use != m.use)
      w.begin_object().key("use").string(page_use_name(o.use)).key("what").string(o.what).end_object();
  w.end_array().end_object();
}

} // namespace

std::string share_text(u64 share) {
  const u64 cents = share % 100;
  return concat(share / 100, '.', cents / 10, cents % 10, " %");
}

std::string options_text(u32 options) {
  std::string s;
  for (const PageOptionInfo &o : page_options())
    if ((options & o.bit) != 0) append(s, s.empty() ? "" : ",", o.name);
  return s.empty() ? "none" : s;
}

void append_page_layout(std::string &out, const PageAsked &a) {
  const PageLayout l = page_layout(*a.row, a.word, a.options);
  append(out, title(a, l), '\n');
  std::string_view structure = "page";
  for (const PlacedMember &m : l.members) {
    if (m.structure != structure) append(out, "over it, ", m.structure, ":\n");
    structure = m.structure;
    out += "  ";
    append_padded(out, m.offset, 3);
    append(out, "  ", padded(size_text(m), 8), padded(std::string(2 * m.depth, ' ') + std::string(m.name), 26), ' ',
           padded(std::string(page_use_name(m.use)), 24), m.what, '\n');
    for (const PageMeaning &o : a.row->meanings)
      if (o.member == m.name && o.use != m.use && m.structure == "page")
        append(out, std::string(42, ' '), padded(std::string(page_use_name(o.use)), 24), o.what, '\n');
  }
  if (!l.unused.empty()) append(out, "no member has the bytes ", ranges_text(l.unused), '\n');
  const auto flags = page_flags(*a.row, a.word, a.options);
  append(out, "flags, ", nr_pageflags(*a.row, a.word, a.options), " bits:\n");
  for (const PlacedFlag &f : flags) {
    out += "  ";
    append_padded(out, f.bit, 3);
    append(out, "  PG_", padded(std::string(f.name), 20), f.what, '\n');
  }
  if (!a.row->aliases.empty()) {
    out += "other names:";
    for (const PageFlagAlias &f : a.row->aliases) append(out, " PG_", f.name, '=', f.of);
    out += '\n';
  }
  if (!a.row->types.empty()) {
    out += "types, in the word of _mapcount:";
    for (const PageType &t : a.row->types)
      append(out, ' ', t.name, " (& ", hex_text(t.mask), ") == ", hex_text(t.value), ';');
    out += '\n';
  }
  append(out, "free block: ", a.row->free_mark, '\n');
  for (const std::string_view s : sources(*a.row)) append(out, "source: ", s, '\n');
}

void append_page_changes(std::string &out, const PageAsked &a, const PageAsked &b) {
  const PageLayout from = page_layout(*a.row, a.word, a.options), to = page_layout(*b.row, b.word, b.options);
  append(out, title(a, from), '\n', title(b, to), '\n');
  const auto name = [](const PlacedMember &m) {
    return padded(concat(m.name, " (", page_use_name(m.use), m.structure == "page" ? "" : ", in ",
                         m.structure == "page" ? "" : m.structure, ')'),
                  44);
  };
  for (const MemberChange &c : compare(from, to)) {
    append(out, "  ", padded(std::string(kind_name(c)), 7), name(c.to != nullptr ? *c.to : *c.from), ' ');
    if (c.from != nullptr) out += place_text(*c.from);
    if (c.from != nullptr && c.to != nullptr) out += " to ";
    if (c.to != nullptr) out += place_text(*c.to);
    append(out, "  ", (c.to != nullptr ? c.to : c.from)->what, '\n');
  }
  out += "flags\n";
  for (const FlagChange &f : compare(page_flags(*a.row, a.word, a.options), page_flags(*b.row, b.word, b.options))) {
    append(out, "  ", padded(f.to < 0 ? "gone" : f.from < 0 ? "added" : "moved", 7), "PG_", f.name, ' ');
    if (f.from >= 0) append(out, f.from);
    if (f.from >= 0 && f.to >= 0) out += " to ";
    if (f.to >= 0) append(out, f.to);
    out += '\n';
  }
  append(out, "free block: ", a.row->free_mark, '\n');
  if (a.row->free_mark != b.row->free_mark) append(out, "  since ", b.row->name, ": ", b.row->free_mark, '\n');
}

void write_page_layout(JsonWriter &w, const PageAsked &a) {
  const PageLayout l = page_layout(*a.row, a.word, a.options);
  w.key("era").string(a.row->name).key("bits").number(8 * a.word).key("options").begin_array();
  for (const PageOptionInfo &o : page_options())
    if ((a.options & options_of(*a.row) & o.bit) != 0) w.string(o.name);
  w.end_array().key("size").number(l.size).key("align").number(l.align).key("members").begin_array();
  for (const PlacedMember &m : l.members) write_member(w, *a.row, m);
  w.end_array().key("unused").begin_array();
  for (const u64 byte : l.unused) w.number(byte);
  w.end_array().key("flag_bits").number(nr_pageflags(*a.row, a.word, a.options)).key("flags").begin_array();
  for (const PlacedFlag &f : page_flags(*a.row, a.word, a.options))
    w.begin_object().key("bit").number(f.bit).key("name").string(f.name).key("what").string(f.what).end_object();
  w.end_array().key("aliases").begin_array();
  for (const PageFlagAlias &f : a.row->aliases)
    w.begin_object().key("name").string(f.name).key("of").string(f.of).end_object();
  w.end_array().key("types").begin_array();
  for (const PageType &t : a.row->types)
    w.begin_object().key("name").string(t.name).key("value").number(t.value).key("mask").number(t.mask).end_object();
  w.end_array().key("free_mark").string(a.row->free_mark).key("sources").begin_array();
  for (const std::string_view s : sources(*a.row)) w.string(s);
  w.end_array();
}

void write_page_changes(JsonWriter &w, const PageAsked &a, const PageAsked &b) {
  const PageLayout from = page_layout(*a.row, a.word, a.options), to = page_layout(*b.row, b.word, b.options);
  const auto side = [&](std::string_view key, const PageAsked &asked) {
    w.key(key).begin_object();
    write_page_layout(w, asked);
    w.end_object();
  };
  side("from", a);
  side("to", b);
  w.key("changes").begin_array();
  for (const MemberChange &c : compare(from, to)) {
    const PlacedMember &m = c.to != nullptr ? *c.to : *c.from;
    w.begin_object().key("kind").string(kind_name(c)).key("name").string(m.name);
    w.key("use").string(page_use_name(m.use)).key("structure").string(m.structure);
    if (c.from != nullptr) w.key("from_offset").number(c.from->offset).key("from_size").number(c.from->size);
    if (c.to != nullptr) w.key("to_offset").number(c.to->offset).key("to_size").number(c.to->size);
    w.end_object();
  }
  w.end_array().key("flag_changes").begin_array();
  for (const FlagChange &f : compare(page_flags(*a.row, a.word, a.options), page_flags(*b.row, b.word, b.options))) {
    w.begin_object().key("name").string(f.name);
    if (f.from >= 0) w.key("from_bit").number_signed(f.from);
    if (f.to >= 0) w.key("to_bit").number_signed(f.to);
    w.end_object();
  }
  w.end_array();
}

} // namespace mmscope
