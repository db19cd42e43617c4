// vrrpd: the router failover daemon.
#include "vrrpd/engine/run.hpp"
#include "vrrpd/supervisor/program.hpp"

int main(int count, char** words) { return vrrpd::supervisor::run_program({words, words + count}, vrrpd::engine::run); }
