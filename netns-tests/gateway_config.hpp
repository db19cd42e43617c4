// The `gateway` block as the tests write it.
#pragma once

#include <string>

namespace lab {

struct GatewayText {
    std::string address = "own";       // or the held one
    std::string via = "198.51.100.1";  // or auto
    std::string nat = "masquerade";    // lines of the nat block

    [[nodiscard]] std::string text() const {
        return "gateway HOME {\n"
               "    follows LAN\n"
               "    lan lan0 10.12.14.0/24\n"
               "    wan wan0 {\n"
               "        address " +
               address +
               "\n"
               "        via " +
               via +
               "\n"
               "    }\n"
               "    nat {\n" +
               nat +
               "\n    }\n"
               "}\n";
    }
};

}  // namespace lab
