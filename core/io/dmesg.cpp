#include "io/dmesg.hpp"

#include "base/text.hpp"
#include "desc/arch.hpp"
#include "io/dmesg_lowmem.hpp"
#include "io/dmesg_script.hpp"
#include "mm/e820.hpp"

#include <algorithm>
#include <utility>

namespace mmscope {

namespace {

// Splits a stream into lines, whatever its chunks. A line longer than `limit` is cut, not kept.
class LineSplitter {
public:
  explicit LineSplitter(u64 limit) : limit_(limit) {}

  // Calls out(line) for each whole line; stops when it returns false.
  template <class Out> bool feed(std::string_view chunk, Out &&out) {
    while (!chunk.empty()) {
      const std::size_t end = chunk.find('\n');
      const std::string_view part = chunk.substr(0, end);
      if (end == std::string_view::npos) {
        hold(part);
        return true;
      }
      chunk.remove_prefix(end + 1);
      if (held_.empty()) {
        if (!out(part.substr(0, static_cast<std::size_t>(limit_)))) return false;
      } else {
        hold(part);
        const bool go_on = out(std::string_view(held_));
        held_.clear();
        if (!go_on) return false;
      }
    }
    return true;
  }
  bool rest() const { return !without_tail(held_).empty(); }

private:
  void hold(std::string_view part) {
    const std::size_t room = static_cast<std::size_t>(limit_) - std::min<std::size_t>(held_.size(), limit_);
    held_ += part.substr(0, room);
  }

  u64 limit_;
  std::string held_;
};

// A range that the line names ends beyond what the architecture can address.
bool out_of_reach(const LogLine &l, u64 physical) {
  const auto beyond = [&](u64 base, u64 size) {
    return size != 0 && (base + size - 1 < base || base + size - 1 >= physical);
  };
  switch (l.kind) {
  case LogKind::e820: return l.n == E820_TYPE_RAM && beyond(l.base, l.size);
  case LogKind::reserve:
  case LogKind::free: return !l.masked && beyond(l.base, l.size);
  case LogKind::add:
  case LogKind::remove:
  case LogKind::dump_region:
  case LogKind::srat_mem:
  case LogKind::ramdisk: return beyond(l.base, l.size);
  case LogKind::request: return l.has_size && l.size > physical;
  default: return false;
  }
}

} // namespace

std::string to_text(const ImportError &e, std::string_view file) {
  return concat(file, ':', e.line, ':', e.column, ": ", e.reason);
}

struct DmesgImporter::Impl {
  Impl(ImportLimits l, ImportHints h) : limits(l), hints(std::move(h)), splitter(l.line_bytes) {
    see_release(hints.release);
  }

  void see_release(std::string_view release) {
    std::string unknown;
    const Arch *row = arch_of_log(release, 0, unknown);
    if (row != nullptr && row->firmware == Firmware::device_tree) arch = row;
  }

  bool line(std::string_view raw) {
    ++log.line_count;
    if (log.second_boot != 0) return true;
    const u32 number = static_cast<u32>(std::min<u64>(log.line_count, 0xffffffff));
    const std::size_t at = decoration(raw);
    const std::string_view message = raw.substr(at);
    LogLine l = classify(message, section);
    if (l.kind == LogKind::none) return true;
    l.line = number;
    l.column = static_cast<u32>(at + 1);
    if (l.kind == LogKind::e820) has_map = true;
    if (l.kind == LogKind::version && has_map) {
      log.second_boot = number;
      return true;
    }
    if (l.kind == LogKind::version) see_release(l.text);
    const u64 bits = arch->max_physmem_bits;
    if (out_of_reach(l, u64{1} << bits)) {
      const std::size_t number_at = message.find("0x");
      error = {number, static_cast<u32>(at + 1 + (number_at == std::string_view::npos ? 0 : number_at)),
               concat("an address beyond the ", bits, " bits of physical address that ", arch->name, " has")};
      return false;
    }
    held += sizeof(LogLine) + l.text.size() + l.caller.size() + l.function.size();
    if (held > limits.kept_bytes || log.lines.size() >= limits.kept_lines) {
      error = {number, 0,
               concat("too many lines about memory: more than ", limits.kept_bytes >> 20, " MiB or ", limits.kept_lines,
                      " lines of them so far")};
      return false;
    }
    log.lines.push_back(std::move(l));
    return true;
  }

  bool feed(std::string_view chunk) {
    if (error) return false;
    return splitter.feed(chunk, [this](std::string_view raw) { return line(raw); });
  }

  ImportResult finish(BuildNotes *notes) {
    ImportResult r;
    if (error) {
      r.error = error;
      r.lines = log.line_count;
      return r;
    }
    log.cut = splitter.rest();
    return build_script(log, hints, notes);
  }

  ImportLimits limits;
  ImportHints hints;
  LineSplitter splitter;
  LogText log;
  LogKind section = LogKind::none;
  bool has_map = false;
  // Whose addresses are believed: a firmware's map is not less for a kernel with fewer bits, a device tree's is.
  const Arch *arch = find_arch("x86_64");
  u64 held = 0;
  std::optional<ImportError> error;
};

DmesgImporter::DmesgImporter(ImportLimits limits, ImportHints hints)
    : impl_(std::make_unique<Impl>(limits, std::move(hints))) {}
DmesgImporter::~DmesgImporter() = default;
DmesgImporter::DmesgImporter(DmesgImporter &&) noexcept = default;
DmesgImporter &DmesgImporter::operator=(DmesgImporter &&) noexcept = default;

bool DmesgImporter::feed(std::string_view chunk) { return impl_->feed(chunk); }
ImportResult DmesgImporter::finish() { return impl_->finish(nullptr); }

ImportResult import_dmesg(std::string_view log, const ImportHints &hints, ImportLimits limits) {
  DmesgImporter in(limits, hints);
  in.feed(log);
  return in.finish();
}

// --- strip_results ---

namespace {

std::string hex_text(u64 n) {
  std::string s = "0x";
  append_hex(s, n);
  return s;
}

// What remains of a line for the engine, with the notes of an import of the whole log. Empty: nothing.
class Stripper {
public:
  explicit Stripper(const BuildNotes &notes) : notes_(notes) {}

  std::string strip(const LogLine &l, std::string_view message) const {
    switch (l.kind) {
    // Inputs, as they are.
    case LogKind::version:
    case LogKind::command_line:
    case LogKind::e820:
    case LogKind::ramdisk:
    case LogKind::reserving:
    case LogKind::mp_table:
    case LogKind::ioapic:
    case LogKind::gbpages:
    case LogKind::intel:
    case LogKind::srat_mem:
    case LogKind::srat_cpu:
    case LogKind::slit:
    case LogKind::cpus:
    case LogKind::node_cpus:
    case LogKind::percpu:
    case LogKind::percpu_groups:
    case LogKind::nr_cpus:
    case LogKind::freeing: return std::string(message);
    // Marks of where the boot is.
    case LogKind::dump:
    case LogKind::zone_ranges:
    case LogKind::movable_starts:
    case LogKind::node_ranges:
    case LogKind::smp_up:
    case LogKind::devtmpfs:
    case LogKind::init_started: return std::string(message);
    case LogKind::deferred: return "node - deferred pages initialised in -";
    case LogKind::last_pfn: return concat("last_pfn = - max_arch_pfn = ", hex_text(l.size));
    case LogKind::x86: return "x86/";
    case LogKind::slub_up: return std::string(message);
    case LogKind::hugetlb: return "HugeTLB: registered - page size";
    case LogKind::node_data:
      if (l.nid == no_node) return concat("NUMA: NODE_DATA ", l.size, " bytes");
      return concat("NODE_DATA(", l.nid, ") allocated ", l.size, " bytes");
    case LogKind::cma: return "cma: Reserved -";
    case LogKind::memory: return memory(l);
    case LogKind::fact:
      if (l.fact == LineKind::fallback) return "Fallback order for Node -";
      if (l.fact == LineKind::built) return "Built - zonelists";
      if (l.fact == LineKind::lowmem || l.fact == LineKind::highmem_init) return strip_lowmem(l);
      return {};
    case LogKind::dump_count:
    case LogKind::dump_region: return dump(l, message);
    case LogKind::add:
      // The model adds what the firmware's map says: that it happens is left, not where.
      return l.caller == "e820__memblock_setup" ? concat("memblock_add: 0 bytes ", l.caller) : std::string(message);
    case LogKind::request: return request(l, message);
    case LogKind::reserve: return reserve(l, message);
    case LogKind::free: return free(l);
    default: return {};
    }
  }

private:
  static std::string memory(const LogLine &l) {
    return concat("Memory: -K/-K available (", l.parts[0], "K kernel code, ", l.parts[1], "K rwdata, ", l.parts[2],
                  "K rodata, ", l.parts[3], "K init, ", l.parts[4], "K bss, -K reserved, -K cma-reserved)");
  }
  // Of the first configuration block the reservations are an input: they were made before anything was logged.
  std::string dump(const LogLine &l, std::string_view message) const {
    const bool first = l.line > notes_.first_dump && (notes_.second_dump == 0 || l.line < notes_.second_dump);
    if (!first || (l.list == memblock_list::memory && notes_.has_e820)) return {};
    return std::string(message);
  }
  std::string request(const LogLine &l, std::string_view message) const {
    Op step{};
    if (!made_by_step(l.caller, step)) return std::string(message);
    if (notes_.config_known || !l.has_size) return concat(l.function, ": masked ", l.caller);
    return concat(l.function, ": masked ", l.size, " bytes align=", hex_text(l.align), " ", l.caller);
  }
  std::string reserve(const LogLine &l, std::string_view message) const {
    if (std::binary_search(notes_.bare.begin(), notes_.bare.end(), l.line))
      return concat("memblock_reserve: ", l.size, " bytes ", l.caller);
    // A reservation of a step's own: that it is made is left.
    if (Op step{}; made_by_step(l.caller, step)) return concat("memblock_reserve: 0 bytes ", l.caller);
    return is_answer_caller(l.caller) ? std::string() : std::string(message);
  }
  std::string free(const LogLine &l) const {
    const auto it = std::lower_bound(notes_.frees.begin(), notes_.frees.end(), l.line,
                                     [](const FreeNote &n, u32 line) { return n.line < line; });
    if (it == notes_.frees.end() || it->line != l.line) return {};
    if (it->keep) return concat("memblock_phys_free: ", l.size, " bytes at ", hex_text(l.base), " ", l.caller);
    if (it->ref == 0) return concat("memblock_phys_free: 0 bytes ", l.caller);
    return concat("memblock_phys_free: ", it->size, " bytes at line ", it->ref, "+", hex_text(it->offset), " ",
                  l.caller);
  }

  const BuildNotes &notes_;
};

} // namespace

std::string strip_results(std::string_view log, const ImportHints &hints) {
  BuildNotes notes;
  {
    DmesgImporter::Impl in({}, hints);
    in.feed(log);
    if (in.finish(&notes).error) return {};
  }
  std::string out;
  out.reserve(log.size() / 2);
  const Stripper stripper(notes);
  LogKind section = LogKind::none;
  LineSplitter splitter(ImportLimits{}.line_bytes);
  u32 number = 0;
  splitter.feed(log, [&](std::string_view raw) {
    ++number;
    const std::string_view message = raw.substr(decoration(raw));
    LogLine l = classify(message, section);
    l.line = number;
    if (l.kind != LogKind::none)
      if (const std::string rest = stripper.strip(l, without_tail(message)); !rest.empty())
        append(out, "[    0.000000] ", rest);
    out += '\n';
    return true;
  });
  if (splitter.rest()) out += "cut"; // the last line was cut: it stays so
  return out;
}

} // namespace mmscope
