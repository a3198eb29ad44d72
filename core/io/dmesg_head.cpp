#include "io/dmesg_head.hpp"

#include "base/text.hpp"
#include "mm/boot.hpp"

#include <algorithm>

namespace mmscope {

namespace {

// unflatten_device_tree asks for it with this alignment.
constexpr u64 tree_align = 8;

// The image, without the init memory that it has given back: two regions with a gap of that size.
u64 image_in(const KernelConfig &config, const std::vector<ByteRange> &loaded) {
  for (std::size_t i = 0; i + 1 < loaded.size(); ++i)
    if (loaded[i + 1].base - loaded[i].end() == config.initmem.size &&
        loaded[i + 1].end() - loaded[i].base == config.image_end - config.image_base)
      return loaded[i].base;
  return 0;
}

// Page tables come first, from the top of what is free; the tree's structures lie right below.
u64 tree_below(std::span<const HintRegion> reserved, u64 tables_bytes) {
  for (const HintRegion &tables : reserved)
    if (tables.kernel && tables.size == tables_bytes)
      for (const HintRegion &tree : reserved)
        if (tree.kernel && tree.base + tree.size <= tables.base &&
            round_up(tree.base + tree.size, tree_align) == tables.base)
          return tree.size;
  return 0;
}

} // namespace

[[gnu::noinline]] LostHead lost_head(const SystemSetup &setup, std::span<const HintRegion> memory,
                                     std::span<const HintRegion> reserved, u64 initrd_freed) {
  LostHead head;
  const u64 page = setup.arch->page_size();
  System s = make_system(setup);
  for (const HintRegion &r : memory) s.memblock.add(nullptr, phys_addr_t{r.base}, r.size);
  arm64_memblock_init(s, nullptr);
  head.page_tables = direct_map_tables(s);
  head.tree_bytes = tree_below(reserved, head.page_tables * page);

  std::vector<ByteRange> loaded;
  for (const HintRegion &r : reserved)
    if (!r.kernel) loaded.push_back({r.base, r.size});
  const u64 image_bytes = setup.config.image_end - setup.config.image_base;
  head.image_base = image_in(setup.config, loaded);
  for (ByteRange r : loaded) {
    if (head.image_base != 0 && r.base >= head.image_base && r.end() <= head.image_base + image_bytes) continue;
    // Of the initrd the end of its last page is left.
    if (head.initrd.size == 0 && initrd_freed != 0 && r.base % page != 0) {
      const u64 base = round_down(r.base, page) - initrd_freed;
      head.initrd = r = {base, r.end() - base};
    }
    head.loaded.push_back(r);
  }
  return head;
}

void read_memblock_debugfs(std::string_view text, ImportHints &hints) {
  std::vector<HintRegion> *list = nullptr;
  while (!text.empty()) {
    std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    if (line.starts_with("## ")) {
      list = line.ends_with("/memblock/memory")     ? &hints.memory
             : line.ends_with("/memblock/reserved") ? &hints.reserved
                                                    : nullptr;
      continue;
    }
    next_word(line); // "3:"
    const std::string_view range = next_word(line), node = next_word(line), flags = next_word(line);
    const std::size_t dots = range.find("..");
    if (list == nullptr || dots == std::string_view::npos) continue;
    const auto base = parse_u64(range.substr(0, dots)), last = parse_u64(range.substr(dots + 2)), nid = parse_u64(node);
    if (base && last && *base <= *last && *last >> 62 == 0 && list->size() < 65536)
      list->push_back({*base, *last - *base + 1, nid && *nid < 1024 ? static_cast<i32>(*nid) : no_node,
                       flags.find("RSV_KERN") != std::string_view::npos});
  }
}

} // namespace mmscope
