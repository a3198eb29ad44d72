// slab_calls: the script's commands about slab caches and their objects, one row each (see call_rows.hpp).
//
//   kmem_cache_create dentry 192 -> c       result: the cache's number
//   kmem_cache_alloc c -> o                 result: the object's physical address, 0 = no memory
//   kmem_cache_free c o
//
// Misuse that this kernel sees is a call like any other: its events carry the report (lab_slab_report). What it would
// not see cannot be made, and the reason says which option would have shown it.
#pragma once
#include "lab/call_rows.hpp"

namespace mmscope {

std::span<const CallRow> slab_call_rows();

} // namespace mmscope
