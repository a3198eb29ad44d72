// hotplug_calls: the script's commands that plug memory in and out, one row each (see call_rows.hpp, mm/memory_hotplug.hpp).
//
//   add_memory 4G 1G                                       on node 0, or nid=
//   online_pages 0x100000 0x8000 type=online_movable
//   offline_pages 0x100000 0x8000
//   remove_memory 4G 128M
#pragma once
#include "lab/call_rows.hpp"

namespace mmscope {

std::span<const CallRow> hotplug_call_rows();

} // namespace mmscope
