// What goes wrong, at random.
#pragma once

#include "tests/sim/world.hpp"

namespace vrrpd::sim {

// How bad it may get.
struct Trouble {
    bool lossy = true;      // packets get lost
    bool one_way = true;    // partitions of one direction
    bool squatter = false;  // a host that holds the address without VRRP comes and goes
};

// Some faults over some time; when it returns they may all still stand.
void cause(World& world, const Trouble& trouble, Duration unit);
// Everything is put right: links, weather, stalls; at least one router is up. Packets that are under way arrive.
void end(World& world, Duration unit);

// A reload that changes neither priority nor tracking nor preemption. Packets take far less than `shortest`, so that
// the interval of an advert is never older than that of one before it.
void reload_harmlessly(World& world, Centiseconds shortest);

}  // namespace vrrpd::sim
