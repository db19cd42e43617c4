// Files in a map, for tests of what is read of dnsmasq's configuration.
#pragma once

#include <fnmatch.h>

#include <map>
#include <string>
#include <vector>

#include "dhcpsync/core/dnsmasq_conf.hpp"

namespace dhcpsync {

class FakeTexts final : public DnsmasqTexts {
public:
    std::map<std::string, std::string> files;  // by path

    std::optional<std::string> read(const std::string& path) override {
        ++reads;
        const auto found = files.find(path);
        return found == files.end() ? std::nullopt : std::optional(found->second);
    }
    std::optional<std::vector<std::string>> list(const std::string& directory) override {
        std::vector<std::string> names;
        const auto prefix = directory + "/";
        for (const auto& [path, content] : files) {
            if (path.starts_with(prefix) && path.find('/', prefix.size()) == std::string::npos)
                names.insert(names.begin(), path.substr(prefix.size()));  // in no useful order
        }
        return names.empty() ? std::nullopt : std::optional(names);
    }
    std::vector<std::string> glob(const std::string& pattern) override {
        std::vector<std::string> paths;
        for (const auto& [path, content] : files)
            if (::fnmatch(pattern.c_str(), path.c_str(), FNM_PATHNAME) == 0) paths.push_back(path);
        return paths;
    }
    std::size_t reads = 0;
};

// The text as /etc/dnsmasq.conf.
inline DnsmasqText read_text(const std::string& text) {
    FakeTexts texts;
    texts.files[std::string(dnsmasq_default_file)] = text;
    return read_dnsmasq({}, texts);
}
inline DnsmasqConf conf_of(const std::string& text) { return interpret(read_text(text)); }

// "a=1,2 b": names and values of all options.
inline std::string told(const DnsmasqText& text) {
    std::string all;
    for (const auto& option : text.options)
        all += (all.empty() ? "" : " ") + option.name + (option.fields.empty() ? "" : "=" + option.value());
    return all;
}

}  // namespace dhcpsync
