// struct page from 5.10 to 6.1: five words that every use has for its own, and what the page is in _mapcount's word.
#include "desc/page_rows.hpp"

namespace mmscope::desc {

namespace {

using namespace page_option;
using U = PageUse;
constexpr u8 next_bit = PageFlag::next_bit;

constexpr std::string_view mapcount = "page table entries that map the page, less one";
constexpr std::string_view page_type = "what a page is that no one maps: bits cleared in 0xffffffff";
constexpr std::string_view compound_mapcount = "mappings of the compound page as a whole, less one";
constexpr std::string_view dtor = "which function frees the compound page";
constexpr std::string_view order = "order of the compound page";
constexpr std::string_view nr = "pages of the compound page";
constexpr std::string_view deferred = "link in the list of huge pages to be split under pressure";
constexpr std::string_view pt_mm = "x86: the mm that a top-level table belongs to";
constexpr std::string_view pt_frag = "powerpc: fragments of the page in use";
constexpr std::string_view device_data = "the driver's own";
constexpr std::string_view dma_addr = "the page's address as the card sees it";

// --- 5.10 ---

constexpr PageMember members_5_10[] = {
    word("flags", say::flags),
    one_of(),
    in_use(U::cache),
    list("lru", say::lru),
    pointer("mapping", say::mapping),
    word("index", say::index),
    word("private", say::private_),
    end(),
    in_use(U::pool),
    words("dma_addr", "the page's address as the card sees it, in two parts where a word is too short"),
    end(),
    in_use(U::slab),
    one_of(),
    list("slab_list", "link in the node's list of partial slabs"),
    together(),
    pointer("next", "next slab of the CPU's partial list"),
    half("pages", "… slabs on that list"),
    half("pobjects", "… about so many free objects in them"),
    end(),
    end(),
    pointer("slab_cache", say::slab_cache),
    pointer("freelist", say::freelist),
    one_of(),
    pointer("s_mem", "SLAB: the first object"),
    word("counters", say::counters),
    together(),
    bits("inuse", 16, say::inuse),
    bits("objects", 15, say::objects),
    bits("frozen", 1, say::frozen),
    end(),
    end(),
    end(),
    in_use(U::first_tail),
    when_used(U::tail, word("compound_head", say::head)),
    byte("compound_dtor", dtor),
    byte("compound_order", order),
    integer("compound_mapcount", compound_mapcount),
    integer("compound_nr", nr),
    end(),
    in_use(U::second_tail),
    word("_compound_pad_1", "compound_head"),
    integer("hpage_pinned_refcount", "pins on the compound page"),
    list("deferred_list", deferred),
    end(),
    in_use(U::table),
    word("_pt_pad_1", say::pad),
    pointer("pmd_huge_pte", say::pmd_huge_pte),
    word("_pt_pad_2", say::pad),
    one_of(),
    pointer("pt_mm", pt_mm),
    integer("pt_frag_refcount", pt_frag),
    end(),
    spinlock("ptl", say::ptl),
    end(),
    in_use(U::device),
    pointer("pgmap", say::pgmap),
    pointer("zone_device_data", device_data),
    end(),
    when_used(U::rcu, rcu("rcu_head", say::rcu)),
    end(),
    one_of(),
    integer("_mapcount", mapcount),
    integer("page_type", page_type),
    when_used(U::slab, integer("active", "SLAB: objects handed out")),
    when_used(U::slab, integer("units", "SLOB: free units in the page")),
    end(),
    integer("_refcount", say::refcount),
    one_of(),
    pointer("mem_cgroup", "the group that the page is charged to", memcg),
    when_used(U::slab, pointer("obj_cgroups", "the groups that the objects are charged to", memcg)),
    end(),
    pointer("virtual", say::virtual_, virtual_address),
    integer("_last_cpupid", say::cpupid, last_cpupid),
};

// --- 5.15 ---

constexpr PageMember members_5_15[] = {
    word("flags", say::flags),
    one_of(),
    in_use(U::cache),
    list("lru", say::lru),
    pointer("mapping", say::mapping),
    word("index", say::index),
    word("private", say::private_),
    end(),
    in_use(U::pool),
    word("pp_magic", "a number that no other use has here: the page is a pool's"),
    pointer("pp", "the pool"),
    word("_pp_mapping_pad", say::pad),
    word("dma_addr", dma_addr),
    one_of(),
    word("dma_addr_upper", "the upper half of the address, where a word is too short"),
    word("pp_frag_count", "parts of the page in use"),
    end(),
    end(),
    in_use(U::slab),
    one_of(),
    list("slab_list", "link in the node's list of partial slabs"),
    together(),
    pointer("next", "next slab of the CPU's partial list"),
    half("pages", "… slabs on that list"),
    half("pobjects", "… about so many free objects in them"),
    end(),
    end(),
    pointer("slab_cache", say::slab_cache),
    pointer("freelist", say::freelist),
    one_of(),
    pointer("s_mem", "SLAB: the first object"),
    word("counters", say::counters),
    together(),
    bits("inuse", 16, say::inuse),
    bits("objects", 15, say::objects),
    bits("frozen", 1, say::frozen),
    end(),
    end(),
    end(),
    in_use(U::first_tail),
    when_used(U::tail, word("compound_head", say::head)),
    byte("compound_dtor", dtor),
    byte("compound_order", order),
    integer("compound_mapcount", compound_mapcount),
    integer("compound_nr", nr),
    end(),
    in_use(U::second_tail),
    word("_compound_pad_1", "compound_head"),
    integer("hpage_pinned_refcount", "pins on the compound page"),
    list("deferred_list", deferred),
    end(),
    in_use(U::table),
    word("_pt_pad_1", say::pad),
    pointer("pmd_huge_pte", say::pmd_huge_pte),
    word("_pt_pad_2", say::pad),
    one_of(),
    pointer("pt_mm", pt_mm),
    integer("pt_frag_refcount", pt_frag),
    end(),
    spinlock("ptl", say::ptl),
    end(),
    in_use(U::device),
    pointer("pgmap", say::pgmap),
    pointer("zone_device_data", device_data),
    end(),
    when_used(U::rcu, rcu("rcu_head", say::rcu)),
    end(),
    one_of(),
    integer("_mapcount", mapcount),
    integer("page_type", page_type),
    when_used(U::slab, integer("active", "SLAB: objects handed out")),
    when_used(U::slab, integer("units", "SLOB: free units in the page")),
    end(),
    integer("_refcount", say::refcount),
    word("memcg_data", "the group that the page is charged to; low bits tell what is pointed to", memcg),
    pointer("virtual", say::virtual_, virtual_address),
    integer("_last_cpupid", say::cpupid, last_cpupid),
};

// --- 6.1 ---

constexpr PageMember members_6_1[] = {
    word("flags", say::flags),
    one_of(),
    in_use(U::cache),
    one_of(),
    list("lru", say::lru),
    in_use(U::mlocked),
    pointer("__filler", "even, so that the page is no tail"),
    integer("mlock_count", "locks on the unevictable page"),
    end(),
    when_used(U::free_block, list("buddy_list", "link in the free list of its order and migratetype")),
    when_used(U::pcp, list("pcp_list", "link in the CPU's list")),
    end(),
    pointer("mapping", say::mapping),
    word("index", say::index),
    word("private", say::private_),
    end(),
    in_use(U::pool),
    word("pp_magic", "a number that no other use has here: the page is a pool's"),
    pointer("pp", "the pool"),
    word("_pp_mapping_pad", say::pad),
    word("dma_addr", dma_addr),
    one_of(),
    word("dma_addr_upper", "the upper half of the address, where a word is too short"),
    word("pp_frag_count", "parts of the page in use"),
    end(),
    end(),
    in_use(U::first_tail),
    when_used(U::tail, word("compound_head", say::head)),
    byte("compound_dtor", dtor),
    byte("compound_order", order),
    integer("compound_mapcount", compound_mapcount),
    integer("compound_pincount", "pins on the compound page"),
    integer("compound_nr", nr, word_64),
    word("_private_1", "the owner's", word_64),
    end(),
    in_use(U::second_tail),
    word("_compound_pad_1", "compound_head"),
    word("_compound_pad_2", say::pad),
    list("deferred_list", deferred),
    end(),
    in_use(U::table),
    word("_pt_pad_1", say::pad),
    pointer("pmd_huge_pte", say::pmd_huge_pte),
    word("_pt_pad_2", say::pad),
    one_of(),
    pointer("pt_mm", pt_mm),
    integer("pt_frag_refcount", pt_frag),
    integer("pt_share_count", "processes that share the table of huge pages", word_64),
    end(),
    spinlock("ptl", say::ptl),
    end(),
    in_use(U::device),
    pointer("pgmap", say::pgmap),
    pointer("zone_device_data", device_data),
    end(),
    when_used(U::rcu, rcu("rcu_head", say::rcu)),
    end(),
    one_of(),
    integer("_mapcount", mapcount),
    integer("page_type", page_type),
    end(),
    integer("_refcount", say::refcount),
    word("memcg_data", "the group that the page is charged to; low bits tell what is pointed to", memcg),
    pointer("virtual", say::virtual_, virtual_address),
    pointer("kmsan_shadow", "the page that tells which bits have been written", kmsan),
    pointer("kmsan_origin", "the page that tells where unwritten ones come from", kmsan),
    integer("_last_cpupid", say::cpupid, last_cpupid),
};
constexpr PageMember slab_6_1[] = {
    word("__page_flags", "flags"),
    one_of(),
    list("slab_list", "link in the node's list of partial slabs"),
    when_used(U::rcu, rcu("rcu_head", say::rcu)),
    together(),
    pointer("next", "next slab of the CPU's partial list"),
    integer("slabs", "… slabs on that list"),
    end(),
    end(),
    pointer("slab_cache", say::slab_cache),
    pointer("freelist", say::freelist),
    one_of(),
    word("counters", say::counters),
    together(),
    bits("inuse", 16, say::inuse),
    bits("objects", 15, say::objects),
    bits("frozen", 1, say::frozen),
    end(),
    end(),
    integer("__unused", "_mapcount"),
    integer("__page_refcount", "_refcount"),
    word("memcg_data", "the groups that the objects are charged to", memcg),
};
constexpr PageOverlay overlays_6_1[] = {{"slab", 0, U::slab, slab_6_1, "mm/slab.h struct slab, SLUB (v6.1)"}};

// --- flags and types ---

constexpr PageFlag flags_5[] = {
    {"locked", 0},      {"referenced", 1}, {"uptodate", 2},         {"dirty", 3},     {"lru", 4},
    {"active", 5},      {"workingset", 6}, {"waiters", 7},          {"error", 8},     {"slab", 9},
    {"owner_priv_1", 10}, {"arch_1", 11},  {"reserved", 12},        {"private", 13},  {"private_2", 14},
    {"writeback", 15},  {"head", 16},      {"mappedtodisk", 17},    {"reclaim", 18},  {"swapbacked", 19},
    {"unevictable", 20}, {"mlocked", 21},  {"uncached", next_bit, uncached}, {"hwpoison", next_bit, hwpoison},
    {"young", next_bit, idle | word_64},   {"idle", next_bit, idle | word_64}, {"arch_2", next_bit, word_64},
    {"skip_kasan_poison", next_bit, kasan_tags},
};
// 5.10 has no KASAN tags in hardware.
constexpr std::span<const PageFlag> flags_5_10{flags_5, std::size(flags_5) - 1};

constexpr PageFlagAlias aliases_5_10[] = {
    {"readahead", "reclaim"},        {"checked", "owner_priv_1"}, {"swapcache", "owner_priv_1"},
    {"fscache", "private_2"},        {"pinned", "owner_priv_1"},  {"savepinned", "dirty"},
    {"foreign", "owner_priv_1"},     {"xen_remapped", "owner_priv_1"}, {"slob_free", "private"},
    {"double_map", "workingset"},    {"isolated", "reclaim"},     {"reported", "uptodate"},
};
constexpr PageFlagAlias aliases_5_15[] = {
    {"readahead", "reclaim"},        {"checked", "owner_priv_1"}, {"swapcache", "owner_priv_1"},
    {"fscache", "private_2"},        {"pinned", "owner_priv_1"},  {"savepinned", "dirty"},
    {"foreign", "owner_priv_1"},     {"xen_remapped", "owner_priv_1"}, {"slob_free", "private"},
    {"double_map", "workingset"},    {"isolated", "reclaim"},     {"reported", "uptodate"},
    {"has_hwpoisoned", "mappedtodisk"},
};
constexpr PageFlagAlias aliases_6_1[] = {
    {"readahead", "reclaim"},        {"checked", "owner_priv_1"}, {"swapcache", "owner_priv_1"},
    {"fscache", "private_2"},        {"pinned", "owner_priv_1"},  {"savepinned", "dirty"},
    {"foreign", "owner_priv_1"},     {"xen_remapped", "owner_priv_1"}, {"slob_free", "private"},
    {"double_map", "workingset"},    {"isolated", "reclaim"},     {"reported", "uptodate"},
    {"has_hwpoisoned", "error"},     {"anon_exclusive", "mappedtodisk"}, {"vmemmap_self_hosted", "owner_priv_1"},
};

// A type clears its bit; the upper four stay, which a count of mappings never brings about.
constexpr u32 base = 0xf0000000;
constexpr PageType types_5_10[] = {{"buddy", base, base | 0x80},
                                   {"offline", base, base | 0x100},
                                   {"kmemcg", base, base | 0x200},
                                   {"table", base, base | 0x400},
                                   {"guard", base, base | 0x800}};
constexpr PageType types_5_15[] = {{"buddy", base, base | 0x80},
                                   {"offline", base, base | 0x100},
                                   {"table", base, base | 0x200},
                                   {"guard", base, base | 0x400}};

constexpr std::string_view free_mark = "PG_buddy's bit 0x80 is clear in page_type (-129), with the order in private";
constexpr PageMeaning meanings_5_10[] = {
    {U::free_block, "private", "the block's order, in its first page"},
    {U::free_block, "lru", "link in the free list of its order and migratetype"},
    {U::free_block, "page_type", "0xffffff7f in the block's first page"},
    {U::pcp, "lru", "link in the CPU's list"},
    {U::pcp, "index", "the migratetype"},
};
constexpr PageMeaning meanings_6_1[] = {
    {U::free_block, "private", "the block's order, in its first page"},
    {U::free_block, "page_type", "0xffffff7f in the block's first page"},
    {U::pcp, "index", "the migratetype"},
};

} // namespace

const PageRow page_5_10{
    .name = "5.10",
    .members = members_5_10,
    .overlays = {},
    .flags = flags_5_10,
    .aliases = aliases_5_10,
    .types = types_5_10,
    .meanings = meanings_5_10,
    .free_mark = free_mark,
    .rules = {},
    .map = {.section_flag_bits = 4},
    .usual = memcg | aligned | uncached | hwpoison,
    .source = "include/linux/mm_types.h struct page (v5.10); BTF of 5.10.0-32-amd64",
    .flags_source = "include/linux/page-flags.h (v5.10); BTF of 5.10.0-32-amd64",
};

const PageRow page_5_15{
    .name = "5.15",
    .members = members_5_15,
    .overlays = {},
    .flags = flags_5,
    .aliases = aliases_5_15,
    .types = types_5_15,
    .meanings = meanings_5_10,
    .free_mark = free_mark,
    .rules = {},
    .map = {},
    .usual = memcg | aligned | uncached | hwpoison,
    .source = "include/linux/mm_types.h struct page (v5.15)",
    .flags_source = "include/linux/page-flags.h (v5.15)",
};

const PageRow page_6_1{
    .name = "6.1",
    .members = members_6_1,
    .overlays = overlays_6_1,
    .flags = flags_5,
    .aliases = aliases_6_1,
    .types = types_5_15,
    .meanings = meanings_6_1,
    .free_mark = free_mark,
    .rules = {.generations = true},
    .map = {},
    .usual = memcg | aligned | uncached | hwpoison,
    .source = "include/linux/mm_types.h struct page (v6.1); BTF of 6.1.0-50-amd64, -686-pae and -armmp",
    .flags_source = "include/linux/page-flags.h, include/linux/page-flags-layout.h (v6.1); BTF of the same kernels",
};

} // namespace mmscope::desc
