// workload_calls: the script's command `workload` (see call_rows.hpp and workload.hpp).
#pragma once
#include "lab/call_rows.hpp"

namespace mmscope {

std::span<const CallRow> workload_call_rows();

} // namespace mmscope
