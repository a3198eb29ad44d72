#include "layouts.hpp"

#include <algorithm>

#include "base/units.hpp"
#include "io/json_writer.hpp"
#include "io/old_views.hpp"
#include "io/page_address_text.hpp"
#include "io/page_layout_text.hpp"

namespace mmscope::layouts {
namespace {

constexpr std::size_t most_events = 64;

u32 read_options(std::string_view text) {
  u32 options = 0;
  while (!text.empty()) {
    const std::size_t comma = std::min(text.find(','), text.size());
    for (const PageOptionInfo &o : page_options())
      if (o.name == text.substr(0, comma)) options |= o.bit;
    text.remove_prefix(std::min(comma + 1, text.size()));
  }
  return options;
}

/// Options that both eras know are as they were chosen, the others as usual.
u32 same_options(const PageRow &row, const PageRow &of, u32 chosen) {
  return (row.usual & ~options_of(of)) | (chosen & options_of(row));
}

void option_names(JsonWriter &j, u32 options) {
  j.begin_array();
  for (const PageOptionInfo &o : page_options())
    if ((options & o.bit) != 0) j.string(o.name);
  j.end_array();
}

/// The boot has allocators of before memblock, be it later on.
bool has_old(const Script &script) {
  return std::any_of(script.commands.begin(), script.commands.end(),
                     [](const Command &c) { return c.op == Op::init_bootmem || c.op == Op::pair_buddy_init; });
}

void cost(JsonWriter &j, const System &s, u64 sizeof_page) {
  PageGeometry g = geometry_of(s);
  g.sizeof_page = sizeof_page;
  const PageAddresses addresses(model_of(s), g, ram_of(s));
  const u64 bytes = addresses.error().empty() ? addresses.cost().map_bytes : 0;
  j.begin_object().key("bytes").number(bytes).key("share").number(mem_map_cost(1, bytes, ram_bytes_of(s)).share);
  j.end_object();
}

void config(JsonWriter &j, const PageGeometry &g, const FlagsConfig &c) {
  j.begin_object().key("long_bits").number(c.long_bits).key("pageflags").number(c.pageflags);
  j.key("zones").number(c.zones).key("sections_shift").number(c.sections_shift).key("vmemmap").boolean(c.vmemmap);
  j.key("section_size_bits").number(g.section_size_bits).key("max_physmem_bits").number(g.max_physmem_bits);
  j.key("nodes_shift").number(c.nodes_shift).key("cpu_bits").number(c.cpu_bits).end_object();
}

} // namespace

std::string choices(const Lab &lab) {
  const System &s = lab.state();
  const PageRow &own = page_row_of(*s.era);
  std::string out;
  JsonWriter j(out);
  j.begin_object().key("era").string(own.name).key("bits").number(8 * s.arch->word).key("options");
  option_names(j, options_of_machine(s, own));
  j.key("model").string(model_name(model_of(s))).key("ram").number(ram_bytes_of(s));
  j.key("page_shift").number(s.arch->page_shift);
  j.key("old").boolean(has_old(lab.script())).key("zones").begin_array();
  for (const auto &z : s.arch->zones) j.string(z.name);
  j.end_array().key("eras").begin_array();
  for (const PageRow *row : page_rows()) {
    j.begin_object().key("name").string(row->name).key("usual");
    option_names(j, row->usual & options_of(*row));
    j.key("options").begin_array();
    for (const PageOptionInfo &o : page_options())
      if ((options_of(*row) & o.bit) != 0)
        j.begin_object().key("name").string(o.name).key("what").string(o.what).end_object();
    j.end_array().end_object();
  }
  j.end_array().end_object();
  return out;
}

std::string layout(const Lab &lab, const std::string &era, unsigned bits, const std::string &options, u64 pfn,
                   const std::string &against) {
  const System &s = lab.state();
  const PageRow *row = find_page_row(era), *other = find_page_row(against);
  if (row == nullptr || (bits != 32 && bits != 64)) return "null";
  const PageAsked asked{row, bits / 8, read_options(options)};
  std::string out;
  JsonWriter j(out);
  j.begin_object();
  write_page_layout(j, asked);
  j.key("cost");
  cost(j, s, page_layout(*row, asked.word, asked.options).size);
  // What stands there is known for words as the machine has them.
  if (asked.word == s.arch->word) {
    j.key("page");
    write_page_bytes(j, page_bytes(s, pfn_t{pfn}, *row, asked.options), pfn_t{pfn});
  }
  if (other != nullptr) {
    const PageAsked to{other, asked.word, same_options(*other, *row, asked.options)};
    j.key("against").begin_object();
    write_page_changes(j, asked, to);
    j.key("cost");
    cost(j, s, page_layout(*other, to.word, to.options).size);
    j.end_object();
  }
  j.end_object();
  return out;
}

std::string flags(const Lab &lab, const std::string &era, const std::string &options, u64 pfn,
                  const std::string &model) {
  const System &s = lab.state();
  const PageRow *row = find_page_row(era);
  const AddressModel m = find_model(model);
  if (row == nullptr || m == AddressModel::count_) return "null";
  const u32 set = read_options(options);
  const PageFlagsWord word = page_flags_word(s, pfn_t{pfn}, *row, set, m);
  std::string out;
  JsonWriter j(out);
  j.begin_object().key("layout");
  write_flags_layout(j, word.layout);
  j.key("config");
  config(j, geometry_of(s, *row, set), word.config);
  if (word.value) {
    j.key("word").string(hex_text(*word.value)).key("values").begin_object();
    for (const FlagsField &f : word.layout.fields) j.key(f.name).number(take(word.layout, f.name, *word.value));
    j.end_object();
  }
  j.key("flags").begin_array();
  for (const PlacedFlag &f : page_flags(*row, s.arch->word, set))
    j.begin_object().key("bit").number(f.bit).key("name").string(f.name).key("what").string(f.what).end_object();
  j.end_array().end_object();
  return out;
}

std::string models(const Lab &lab, const std::string &era, const std::string &options, u64 pfn) {
  const System &s = lab.state();
  const PageRow *row = find_page_row(era);
  if (row == nullptr) return "null";
  const PageGeometry g = geometry_of(s, *row, read_options(options));
  const std::vector<RamPages> ram = ram_of(s);
  std::string out;
  JsonWriter j(out);
  j.begin_object().key("pfn").number(pfn).key("sizeof_page").number(g.sizeof_page);
  j.key("ram").number(ram_bytes_of(s)).key("own").string(model_name(model_of(s))).key("models").begin_array();
  for (unsigned i = 0; i < static_cast<unsigned>(AddressModel::count_); ++i) {
    const auto model = static_cast<AddressModel>(i);
    write_conversions(j, model, PageAddresses(model, g, ram), pfn_t{pfn}, ram_bytes_of(s));
  }
  j.end_array().end_object();
  return out;
}

std::string old(const Lab &lab) {
  const System &s = lab.state();
  std::string out;
  JsonWriter j(out);
  j.begin_object();
  write_old(j, s);
  const std::span<const Event> all = lab.call() ? lab.events() : std::span<const Event>();
  const std::size_t from = all.size() > most_events ? all.size() - most_events : 0;
  j.key("inside").boolean(lab.inside()).key("happened").number(all.size()).key("events").begin_array();
  for (const Event &e : all.subspan(from)) {
    const EventInfo &info = event_info(e.kind);
    j.begin_object().key("kind").string(info.name).key("fields").begin_object();
    for (unsigned i = 0; i < info.fields.size(); ++i) j.key(info.fields[i].name).number(e.f[i]);
    j.end_object().end_object();
  }
  j.end_array().end_object();
  return out;
}

} // namespace mmscope::layouts
