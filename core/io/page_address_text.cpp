#include "io/page_address_text.hpp"

#include "base/text.hpp"
#include "base/units.hpp"
#include "io/page_layout_text.hpp"

namespace mmscope {

namespace {

constexpr std::string_view op_names[] = {"load", "shift", "mask", "add", "subtract", "multiply", "divide"};

void append_steps(std::string &out, const Conversion &c) {
  for (const AddressStep &s : c.steps)
    append(out, "    ", s.name, " = ", s.expression, " = ", s.numbers, " = ", hex_text(s.value), '\n');
  if (!c.ok()) append(out, "    ", c.error, '\n');
}

void write_conversion(JsonWriter &w, const Conversion &c) {
  w.begin_object().key("steps").begin_array();
  for (const AddressStep &s : c.steps)
    w.begin_object()
        .key("op")
        .string(op_names[static_cast<std::size_t>(s.op)])
        .key("name")
        .string(s.name)
        .key("expression")
        .string(s.expression)
        .key("numbers")
        .string(s.numbers)
        .key("value")
        .string(hex_text(s.value))
        .end_object();
  w.end_array();
  if (c.ok())
    w.key("result").string(hex_text(c.result)).key("loads").number(c.loads());
  else
    w.key("error").string(c.error);
  w.end_object();
}

} // namespace

void append_conversions(std::string &out, AddressModel model, const PageAddresses &a, pfn_t pfn) {
  append(out, model_name(model), '\n');
  if (!a.error().empty()) {
    append(out, "  not here: ", a.error(), '\n');
    return;
  }
  const Conversion there = a.pfn_to_page(pfn);
  append(out, "  pfn_to_page(", hex_text(pfn.v), "), ", there.loads(), there.loads() == 1 ? " load\n" : " loads\n");
  append_steps(out, there);
  if (there.ok()) {
    const Conversion back = a.page_to_pfn(there.result);
    append(out, "  page_to_pfn(", hex_text(there.result), "), ", back.loads(),
           back.loads() == 1 ? " load\n" : " loads\n");
    append_steps(out, back);
  }
  append(out, "  cannot: ", model_limit(model), '\n');
}

void append_model_cost(std::string &out, const PageAddresses &a, u64 ram_bytes) {
  if (!a.error().empty()) return;
  const ModelCost c = a.cost();
  append(out, "  mem_map: ", bytes_text(c.map_bytes), " in ", c.arrays, c.arrays == 1 ? " array, " : " arrays, ",
         share_text(mem_map_cost(1, c.map_bytes, ram_bytes).share), " of RAM; ", count_text(c.struct_pages),
         " struct pages, ", count_text(c.hole_pages), " of them on holes\n");
  append(out, "  tables: ", bytes_text(c.table_bytes), "; addresses: ", bytes_text(c.address_bytes),
         "; loads: ", c.loads_to_page, " to the struct page, ", c.loads_to_pfn, " back\n");
}

void append_page_bytes(std::string &out, const PageBytes &b, pfn_t pfn) {
  append(out, "page frame ", hex_text(pfn.v), ": ", b.error.empty() ? page_use_name(b.use) : std::string_view(b.error));
  if (b.at != 0) append(out, ", its struct page at ", hex_text(b.at));
  out += '\n';
  for (const LiveMember &m : b.members) {
    out += "  ";
    append_padded(out, m.member.offset, 3);
    append(out, "  ", m.member.name, " = ", m.value ? hex_text(*m.value) : "?", "  ", m.what, '\n');
  }
}

void write_page_bytes(JsonWriter &w, const PageBytes &b, pfn_t pfn) {
  w.begin_object().key("pfn").number(pfn.v);
  if (!b.error.empty()) {
    w.key("error").string(b.error).end_object();
    return;
  }
  w.key("use").string(page_use_name(b.use)).key("size").number(b.size);
  if (b.at != 0) w.key("at").string(hex_text(b.at));
  w.key("members").begin_array();
  for (const LiveMember &m : b.members) {
    w.begin_object().key("structure").string(m.member.structure).key("name").string(m.member.name);
    w.key("offset").number(m.member.offset).key("size").number(m.member.size).key("what").string(m.what);
    if (m.value) w.key("value").string(hex_text(*m.value));
    w.end_object();
  }
  w.end_array().end_object();
}

void append_flags_layout(std::string &out, const FlagsLayout &l) {
  out += "  page->flags:";
  for (const FlagsField &f : l.fields)
    if (f.width != 0)
      append(out, ' ', f.name, ' ', f.pgshift, f.width == 1 ? std::string() : concat("–", f.pgshift + f.width - 1),
             ',');
  append(out, ' ', l.unused, " unused, ", l.pageflags, " PG_ flags; zone = ", l.zone_lookup, '\n');
  if (l.node_outside) out += "    the node is looked up in section_to_node_table[]\n";
  if (l.cpupid_outside) out += "    last_cpupid has a member of its own\n";
  if (!l.error.empty()) append(out, "    such a kernel does not compile: ", l.error, '\n');
}

void write_flags_layout(JsonWriter &w, const FlagsLayout &l) {
  w.begin_object().key("fields").begin_array();
  for (const FlagsField &f : l.fields)
    w.begin_object()
        .key("name")
        .string(f.name)
        .key("width")
        .number(f.width)
        .key("shift")
        .number(f.pgshift)
        .end_object();
  w.end_array().key("unused").number(l.unused).key("flags").number(l.pageflags).key("bits").number(l.word_bits);
  w.key("zoneid_shift").number(l.zoneid_shift).key("zone_lookup").string(l.zone_lookup);
  w.key("node_outside").boolean(l.node_outside).key("cpupid_outside").boolean(l.cpupid_outside);
  if (!l.error.empty()) w.key("error").string(l.error);
  w.end_object();
}

void write_conversions(JsonWriter &w, AddressModel model, const PageAddresses &a, pfn_t pfn, u64 ram_bytes) {
  w.begin_object().key("model").string(model_name(model)).key("cannot").string(model_limit(model));
  w.key("page_flags");
  write_flags_layout(w, a.flags());
  if (!a.error().empty()) {
    w.key("error").string(a.error()).end_object();
    return;
  }
  const Conversion there = a.pfn_to_page(pfn);
  w.key("pfn_valid").boolean(a.pfn_valid(pfn)).key("pfn_to_page");
  write_conversion(w, there);
  if (there.ok()) {
    w.key("page_to_pfn");
    write_conversion(w, a.page_to_pfn(there.result));
  }
  const ModelCost c = a.cost();
  w.key("cost").begin_object().key("arrays").number(c.arrays).key("map_bytes").number(c.map_bytes);
  w.key("share").number(mem_map_cost(1, c.map_bytes, ram_bytes).share);
  w.key("struct_pages").number(c.struct_pages).key("hole_pages").number(c.hole_pages);
  w.key("table_bytes").number(c.table_bytes).key("address_bytes").number(c.address_bytes);
  w.key("loads_to_page").number(c.loads_to_page).key("loads_to_pfn").number(c.loads_to_pfn).end_object();
  w.end_object();
}

} // namespace mmscope
