// FRR on a host of the laboratory: zebra, and beside it one daemon that speaks a protocol. For lab/router.hpp and
// lab/bfd.hpp, which write their configurations.
#pragma once

#include <string>
#include <string_view>

#include "netns-tests/lab/network.hpp"
#include "netns-tests/lab/process.hpp"

namespace lab {

class Frr {
public:
    // "vrrpd", "bfdd"
    Frr(Host& host, std::string daemon, std::string_view configuration);

    void start(const Arguments& more = {});
    [[nodiscard]] Process& daemon() { return process_; }
    void stop_zebra() { zebra_.stop(); }
    [[nodiscard]] std::string log() const;
    [[nodiscard]] std::string file(std::string_view name) const;  // in the folder of this host's FRR

private:
    Host& host_;
    std::string daemon_;
    Process zebra_, process_;
};

}  // namespace lab
