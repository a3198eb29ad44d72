#include "cli/pages.hpp"

#include "base/text.hpp"
#include "base/units.hpp"
#include "io/page_address_text.hpp"
#include "io/page_layout_text.hpp"

#include <vector>

namespace mmscope {

namespace {

// The row of an era by its name; null and what is wrong when there is none.
const PageRow *era_row(std::string_view name, std::string &wrong) {
  const PageRow *row = find_page_row(name);
  if (row != nullptr) return row;
  std::vector<std::string_view> names;
  std::string all;
  for (const PageRow *r : page_rows()) {
    names.push_back(r->name);
    append(all, all.empty() ? "" : ", ", r->name);
  }
  wrong = concat("no struct page is known of '", name, "'", did_you_mean(name, names), " (", all, ')');
  return nullptr;
}

// "memcg,aligned", or "none".
std::string read_options(const PageRow &row, std::string_view text, u32 &options) {
  options = 0;
  if (text == "none") return {};
  while (!text.empty()) {
    const std::size_t comma = text.find(',');
    const std::string_view name = text.substr(0, comma);
    text = comma == std::string_view::npos ? std::string_view() : text.substr(comma + 1);
    std::vector<std::string_view> names;
    u32 bit = 0;
    for (const PageOptionInfo &o : page_options()) {
      if ((options_of(row) & o.bit) == 0) continue;
      names.push_back(o.name);
      if (o.name == name) bit = o.bit;
    }
    if (bit == 0)
      return concat("nothing in struct page of ", row.name, " depends on '", name, "'", did_you_mean(name, names), " (",
                    options_text(options_of(row)), ')');
    options |= bit;
  }
  return {};
}

std::string read_asked(const PageQuestion &q, std::string_view era, PageAsked &asked) {
  std::string wrong;
  asked.row = era_row(era, wrong);
  if (asked.row == nullptr) return wrong;
  if (q.bits != 32 && q.bits != 64) return concat("words have 32 or 64 bits, not ", q.bits);
  asked.word = static_cast<unsigned>(q.bits / 8);
  asked.options = asked.row->usual;
  return q.options ? read_options(*asked.row, *q.options, asked.options) : std::string();
}

} // namespace

std::string show_page_layout(const Io &io, const PageQuestion &q, const System *machine) {
  PageAsked asked{}, other{};
  if (std::string wrong = read_asked(q, q.era.value_or("6.1"), asked); !wrong.empty()) return wrong;
  if (q.against)
    if (std::string wrong = read_asked(q, *q.against, other); !wrong.empty()) return wrong;

  std::optional<u64> page;
  if (q.page) {
    if (machine == nullptr) return "--page is one of a machine: name it with --machine";
    page = parse_u64(*q.page);
    if (!page) return concat("not a page frame number: '", *q.page, '\'');
  }

  std::string s;
  JsonWriter w(s);
  if (q.json) {
    w.begin_object();
    if (q.against)
      write_page_changes(w, asked, other);
    else
      write_page_layout(w, asked);
  } else if (q.against) {
    append_page_changes(s, asked, other);
  } else {
    append_page_layout(s, asked);
  }
  if (machine != nullptr) {
    const auto cost = [&](const PageAsked &a) {
      PageGeometry g = geometry_of(*machine);
      g.sizeof_page = page_layout(*a.row, a.word, a.options).size;
      const u64 bytes = PageAddresses(model_of(*machine), g, ram_of(*machine)).cost().map_bytes;
      const u64 share = mem_map_cost(1, bytes, ram_bytes_of(*machine)).share;
      if (q.json)
        w.begin_object()
            .key("era")
            .string(a.row->name)
            .key("bytes")
            .number(bytes)
            .key("share")
            .number(share)
            .end_object();
      else
        append(s, "mem_map on this machine with ", a.row->name, "'s ", g.sizeof_page, " bytes: ", bytes_text(bytes),
               ", ", share_text(share), " of RAM\n");
    };
    if (q.json) w.key("mem_map").begin_array();
    cost(asked);
    if (q.against) cost(other);
    if (q.json) w.end_array();
  }
  if (page) {
    const PageBytes bytes = page_bytes(*machine, pfn_t{*page}, *asked.row, asked.options);
    if (q.json) {
      w.key("page");
      write_page_bytes(w, bytes, pfn_t{*page});
    } else {
      append_page_bytes(s, bytes, pfn_t{*page});
    }
  }
  if (q.json) {
    w.end_object();
    s += '\n';
  }
  io.out(s);
  return {};
}

std::string show_page_address(const Io &io, const PageQuestion &q, std::string_view text, const System &machine) {
  const auto pfn = parse_u64(text);
  if (!pfn) return concat("not a page frame number: '", text, '\'');
  std::vector<AddressModel> models;
  for (unsigned i = 0; i < static_cast<unsigned>(AddressModel::count_); ++i)
    models.push_back(static_cast<AddressModel>(i));
  if (q.model) {
    std::vector<std::string_view> names;
    for (const AddressModel m : models) names.push_back(model_name(m));
    models = {find_model(*q.model)};
    if (models[0] == AddressModel::count_)
      return concat("there is no memory model '", *q.model, "'", did_you_mean(*q.model, names));
  }
  PageGeometry g = geometry_of(machine);
  if (q.era) {
    PageQuestion asked_for = q;
    asked_for.bits = 8 * g.word;
    PageAsked asked{};
    if (std::string wrong = read_asked(asked_for, *q.era, asked); !wrong.empty()) return wrong;
    g = geometry_of(machine, *asked.row, asked.options);
  }

  std::string s;
  JsonWriter w(s);
  if (q.json) {
    w.begin_object().key("pfn").number(*pfn).key("sizeof_page").number(g.sizeof_page);
    w.key("ram_bytes").number(ram_bytes_of(machine)).key("models").begin_array();
  } else {
    append(s, "page frame ", hex_text(*pfn), ", physical ", hex_text(*pfn << g.page_shift), ", struct page of ",
           g.sizeof_page, " bytes\n");
  }
  for (const AddressModel m : models) {
    const PageAddresses a(m, g, ram_of(machine));
    if (q.json) {
      write_conversions(w, m, a, pfn_t{*pfn}, ram_bytes_of(machine));
      continue;
    }
    append_conversions(s, m, a, pfn_t{*pfn});
    append_model_cost(s, a, ram_bytes_of(machine));
    append_flags_layout(s, a.flags());
  }
  if (q.json) {
    w.end_array().end_object();
    s += '\n';
  }
  io.out(s);
  return {};
}

} // namespace mmscope
