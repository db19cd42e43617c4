// The virtual routers of an engine, beside the instances of the configuration that they run and in the same order, and
// the deadlines of all of them. Whoever works on routers finds them here. The engine's.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "vrrpd/engine/core/deadline_queue.hpp"
#include "vrrpd/engine/core/router.hpp"

namespace vrrpd::engine {

class RouterTable {
public:
    // A configuration, at one place since routers point into it, and its routers.
    struct Generation {
        std::unique_ptr<config::Config> config;
        std::vector<std::unique_ptr<Router>> routers;
    };

    // Another generation, without deadlines; the one before, which others may still point into.
    Generation exchange(Generation next);
    // The routers, to be made part of the next generation: until then there are none.
    [[nodiscard]] std::vector<std::unique_ptr<Router>> take() { return std::exchange(now_.routers, {}); }

    [[nodiscard]] const config::Config& config() const { return *now_.config; }
    [[nodiscard]] std::size_t size() const { return now_.routers.size(); }
    [[nodiscard]] bool empty() const { return now_.routers.empty(); }
    [[nodiscard]] Router& operator[](std::size_t number) const { return *now_.routers[number]; }
    [[nodiscard]] auto begin() const { return now_.routers.begin(); }
    [[nodiscard]] auto end() const { return now_.routers.end(); }

    // Only of one that is in the table.
    [[nodiscard]] std::uint32_t number_of(const Router& router) const;
    // By the number of its claim; `number` is where it was then, and a reload may have moved it. Null: it is gone, or
    // has claimed anew.
    [[nodiscard]] Router* find_claim(std::uint32_t number, std::uint32_t claim) const;
    // The one whose role a gateway's wan moves with: its own, or one of its group. Null: none does.
    [[nodiscard]] Router* leader_of(const config::Gateway& gateway) const;
    // Of those that follow a gateway the first that is Active here: who keeps the fence open. Null: none is.
    [[nodiscard]] const Router* first_installed(const config::Gateway& gateway) const;

    // Why it cannot run: its own faults, or those of the others of its group.
    [[nodiscard]] std::vector<std::string> faults_of(const Router& router) const;

    // To be called when a deadline of the router's may be another one.
    void schedule(const Router& router);
    [[nodiscard]] Deadline next_deadline() const { return deadlines_.earliest(); }
    // Whose deadline is the earliest. Only when there is one.
    [[nodiscard]] Router& earliest() const { return (*this)[deadlines_.front()]; }

private:
    Generation now_;
    DeadlineQueue deadlines_;  // by number
};

}  // namespace vrrpd::engine
