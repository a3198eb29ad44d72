#include "io/machine_file.hpp"

#include "base/text.hpp"
#include "io/json_place.hpp"

#include <algorithm>
#include <array>

namespace mmscope {

namespace {

using nlohmann::json;

constexpr std::size_t max_bytes = std::size_t{1} << 20;
constexpr std::size_t max_items = 65'536;

ScriptError not_json(std::string_view text) {
  const auto [line, column] = line_and_column(text, json_error_offset(text));
  return {line, column, "this is not JSON from here on"};
}

struct Reader {
  std::string error; // the first one

  bool fail(std::string_view where, std::string_view what) {
    if (error.empty()) error = concat(where, ": ", what);
    return false;
  }
  bool read(const json &j, std::string_view where, u64 &out) {
    if (j.is_number_unsigned()) {
      out = j.get<u64>();
      return true;
    }
    if (j.is_string())
      if (const auto n = parse_size(j.get_ref<const std::string &>())) {
        out = *n;
        return true;
      }
    return fail(where, "not a number (12, \"0x1000\", \"64M\")");
  }
  bool read(const json &j, std::string_view where, i32 &out) {
    u64 n = 0;
    if (!read(j, where, n)) return false;
    if (n > 0x7fffffff) return fail(where, "the number is too large");
    out = static_cast<i32>(n);
    return true;
  }
  bool read(const json &j, std::string_view where, u8 &out) {
    u64 n = 0;
    if (!read(j, where, n)) return false;
    if (n > 255) return fail(where, "at most 255");
    out = static_cast<u8>(n);
    return true;
  }
  bool read(const json &j, std::string_view where, bool &out) {
    if (!j.is_boolean()) return fail(where, "not true or false");
    out = j.get<bool>();
    return true;
  }
  bool read(const json &j, std::string_view where, std::string &out) {
    if (!j.is_string()) return fail(where, "not a text");
    out = j.get<std::string>();
    return true;
  }
  template <class T> bool read(const json &j, std::string_view where, std::vector<T> &out) {
    if (!j.is_array()) return fail(where, "not a list");
    if (j.size() > max_items) return fail(where, "the list is too long");
    out.clear();
    for (std::size_t i = 0; i < j.size(); ++i)
      if (!read(j[i], concat(where, '[', i, ']'), out.emplace_back())) return false;
    return true;
  }
  // [base, size, type]
  bool read(const json &j, std::string_view where, e820_entry &out) {
    if (!j.is_array() || j.size() != 3) return fail(where, "not [base, size, type]");
    if (!read(j[0], where, out.addr.v) || !read(j[1], where, out.size)) return false;
    u64 type = 0;
    if (j[2].is_string())
      type = e820_type_of(j[2].get_ref<const std::string &>());
    else if (!read(j[2], where, type))
      return false;
    if (type == 0 || type > ~u32{0})
      return fail(where, "no such type (usable, reserved, ACPI data, ACPI NVS, unusable …)");
    out.type = static_cast<u32>(type);
    return true;
  }
  bool read(const json &j, std::string_view where, FirmwareTable &out) {
    return object(j, where, [&](std::string_view key, const json &value, std::string_view at) {
      if (key == "name") return read(value, at, out.name);
      if (key == "addr") return read(value, at, out.addr);
      if (key == "size") return read(value, at, out.size);
      return unknown(at, {"name", "addr", "size"}, key);
    });
  }
  bool read(const json &j, std::string_view where, FirmwareRange &out) {
    return object(j, where, [&](std::string_view key, const json &value, std::string_view at) {
      if (key == "base") return read(value, at, out.base);
      if (key == "size") return read(value, at, out.size);
      return unknown(at, {"base", "size"}, key);
    });
  }
  bool read(const json &j, std::string_view where, NodeMemory &out) {
    return object(j, where, [&](std::string_view key, const json &value, std::string_view at) {
      if (key == "nid") return read(value, at, out.nid);
      if (key == "base") return read(value, at, out.base);
      if (key == "size") return read(value, at, out.size);
      if (key == "hotplug") return read(value, at, out.hotplug);
      return unknown(at, {"nid", "base", "size", "hotplug"}, key);
    });
  }
  bool read(const json &j, MachineSpec &m) {
    return object(j, "the machine", [&](std::string_view key, const json &value, std::string_view at) {
      if (key == "like") return true; // read first
      if (key == "name") return read(value, at, m.name);
      if (key == "title") return read(value, at, m.title);
      if (key == "release") return read(value, at, m.release);
      if (key == "command_line") return read(value, at, m.command_line);
      if (key == "e820") return read(value, at, m.e820);
      if (key == "acpi") return read(value, at, m.acpi);
      if (key == "mp_table") return read(value, at, m.mp_table);
      if (key == "bios_start") return read(value, at, m.bios_start);
      if (key == "cpus") return read(value, at, m.cpus);
      if (key == "gbpages") return read(value, at, m.gbpages);
      if (key == "intel") return read(value, at, m.intel);
      if (key == "ioapics") return read(value, at, m.ioapics);
      if (key == "node_memory") return read(value, at, m.node_memory);
      if (key == "node_cpus") return read(value, at, m.node_cpus);
      if (key == "distances") return read(value, at, m.distances);
      if (key == "initrd_bytes") return read(value, at, m.initrd_bytes);
      if (key == "initrd_base") return read(value, at, m.initrd_base);
      if (key == "initrd_max") return read(value, at, m.initrd_max);
      return unknown(at,
                     {"like", "name", "title", "release", "command_line", "e820", "acpi", "mp_table", "bios_start",
                      "cpus", "gbpages", "intel", "ioapics", "node_memory", "node_cpus", "distances", "initrd_bytes",
                      "initrd_base", "initrd_max"},
                     key);
    });
  }

  template <class Fn> bool object(const json &j, std::string_view where, Fn &&fn) {
    if (!j.is_object()) return fail(where, "not an object");
    for (const auto &[key, value] : j.items())
      if (!fn(std::string_view(key), value, concat(where, '.', key))) return false;
    return true;
  }
  bool unknown(std::string_view at, std::initializer_list<std::string_view> names, std::string_view key) {
    const std::vector<std::string_view> list(names);
    return fail(at, concat("there is no such field", did_you_mean(key, list)));
  }
};

} // namespace

ParsedMachine parse_machine_file(std::string_view text) {
  if (text.size() > max_bytes) return {std::nullopt, {0, 0, "the description is longer than 1 MiB"}};
  const json j = json::parse(text, nullptr, false);
  if (j.is_discarded()) return {std::nullopt, not_json(text)};
  MachineSpec m;
  m.name = "described";
  Reader reader;
  if (j.is_object() && j.contains("like")) {
    std::string like;
    if (!reader.read(j["like"], "like", like)) return {std::nullopt, {0, 0, reader.error}};
    const MachineSpec *preset = find_preset(like);
    if (preset == nullptr) {
      std::vector<std::string_view> names;
      for (const MachineSpec &p : presets()) names.push_back(p.name);
      return {std::nullopt, {0, 0, concat("like: there is no preset '", like, "'", did_you_mean(like, names))}};
    }
    m = *preset;
  }
  if (!reader.read(j, m)) return {std::nullopt, {0, 0, reader.error}};
  if (std::string bad = check_spec(m); !bad.empty()) return {std::nullopt, {0, 0, std::move(bad)}};
  return {std::move(m), {}};
}

} // namespace mmscope
