// Whether a crash leaves a core file, and what is in it.
#pragma once

namespace vrrpd::supervisor {

// For this process and all that it starts. Keys and passwords stand in heaps and on stacks, wherever a configuration is
// read and a packet signed; so no core ever holds private memory: it has the threads, their registers and what was
// mapped where. `wanted` (-m): there is one at all.
void limit_core_dumps(bool wanted);

}  // namespace vrrpd::supervisor
