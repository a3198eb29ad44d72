// page->flags of a page on show in each memory model, and whose options make struct page as large as a machine's.
#include "lab/page_bytes.hpp"

#include "lab/machine.hpp"
#include "lab/presets.hpp"

#include <doctest/doctest.h>

using namespace mmscope;

namespace {

System booted(std::string_view preset) {
  const Script script = make_script(*find_preset(preset));
  Machine machine(script.setup);
  for (const Command &c : script.commands) REQUIRE(machine.apply(c, nullptr).ok());
  return machine.system();
}

} // namespace

TEST_CASE("page_flags_word: each model places section, node and zone of the page in the word") {
  const System s = booted("numa-2x32g");
  const PageRow &row = page_row_of(*s.era);
  const pfn_t pfn{0xa00000}; // 40 GiB: node 1
  REQUIRE(s.pages.page(pfn).nid == 1);
  for (const AddressModel m : {AddressModel::flatmem, AddressModel::discontigmem, AddressModel::sparsemem_extreme,
                               AddressModel::vmemmap}) {
    CAPTURE(model_name(m));
    const PageFlagsWord w = page_flags_word(s, pfn, row, options_of_machine(s, row), m);
    REQUIRE(w.value.has_value());
    CHECK(take(w.layout, "node", *w.value) == 1);
    CHECK(take(w.layout, "zone", *w.value) == s.pages.page(pfn).zone);
    const bool numbered = m == AddressModel::sparsemem_extreme; // a vmemmap needs no number, the others have no sections
    CHECK((w.layout.find("section")->width != 0) == numbered);
    CHECK(take(w.layout, "section", *w.value) == (numbered ? pfn.v >> 15 : 0));
  }
  // The word is the one that stands in the struct page of the machine's own model.
  const PageBytes bytes = page_bytes(s, pfn, row, options_of_machine(s, row));
  REQUIRE(!bytes.members.empty());
  CHECK(bytes.members[0].member.name == "flags");
  CHECK(bytes.members[0].value == page_flags_word(s, pfn, row, row.usual, model_of(s)).value);
  // Where there is no struct page there is no word, but a layout.
  const PageFlagsWord none = page_flags_word(s, pfn_t{u64{1} << 30}, row, row.usual, AddressModel::vmemmap);
  CHECK(!none.value.has_value());
  CHECK(!none.layout.fields.empty());
}

TEST_CASE("options_of_machine: struct page is as large as the kernel's, with as few options changed as it takes") {
  System s = booted("qemu-1g");
  const PageRow &row = page_row_of(*s.era);
  CHECK(options_of_machine(s, row) == row.usual);
  const PageRow &other = *find_page_row("5.15");
  s.config.sizeof_page = 56; // without memcg, as the smallest kernels are
  CHECK(page_layout(other, 8, options_of_machine(s, other)).size == 56);
  s.config.sizeof_page = 7;
  CHECK(options_of_machine(s, other) == other.usual);
}

TEST_CASE("ram_bytes_of, geometry_of: the same machine with another era's struct page") {
  const System s = booted("qemu-1g");
  CHECK(ram_bytes_of(s) == (u64{1} << 30) - 130 * 4096);
  const PageRow &old = *find_page_row("2.6.24");
  const PageGeometry g = geometry_of(s, old, old.usual);
  CHECK(g.sizeof_page == page_layout(old, 8, old.usual).size);
  CHECK(g.sizeof_page != geometry_of(s).sizeof_page);
  CHECK(g.section_size_bits == geometry_of(s).section_size_bits);
}
