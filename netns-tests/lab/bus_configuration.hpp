// The configuration of a D-Bus daemon of a test's own, in which anybody may be anybody: what is tested is what is said,
// not who may say it. For the lab, and for tests that run a bus without one.
#pragma once

#include <fmt/format.h>

#include <string>

namespace lab {

// `address` as in "unix:path=/tmp/bus"; `more`: further elements.
[[nodiscard]] inline std::string bus_configuration(const std::string& address, const std::string& more = {}) {
    return fmt::format(R"(<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>system</type>
  <listen>{}</listen>
  <auth>EXTERNAL</auth>
  <policy context="default">
    <allow user="*"/>
    <allow own="*"/>
    <allow send_type="method_call"/>
    <allow send_type="signal"/>
    <allow send_requested_reply="true"/>
    <allow receive_type="method_call"/>
    <allow receive_type="method_return"/>
    <allow receive_type="error"/>
    <allow receive_type="signal"/>
  </policy>
  {}
</busconfig>
)",
                       address, more);
}

}  // namespace lab
