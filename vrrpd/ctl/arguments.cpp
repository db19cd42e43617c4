#include "vrrpd/ctl/arguments.hpp"

#include <boost/program_options/options_description.hpp>
#include <boost/program_options/parsers.hpp>
#include <boost/program_options/positional_options.hpp>
#include <boost/program_options/variables_map.hpp>

namespace vrrpd::ctl {

namespace po = boost::program_options;

namespace {

po::options_description options() {
    po::options_description result;
    auto add = result.add_options();
    add("help,h", "");
    add("version,v", "");
    add("json", "");
    add("runtime-dir", po::value<std::string>());
    add("word", po::value<std::vector<std::string>>());
    return result;
}

CommandLine wrong(std::string error) { return {{}, std::move(error)}; }

CommandLine keygen(Arguments arguments, const std::vector<std::string>& words, bool with_options) {
    if (words.size() != 2 || with_options)
        return wrong("keygen takes one FILE, as in: vrrpctl keygen /etc/vrrpd/peer.key");
    arguments.command = Command::keygen;
    arguments.file = words[1];
    return {std::move(arguments), {}};
}

CommandLine status(Arguments arguments, const std::vector<std::string>& words) {
    if (words.size() != 1) return wrong("status takes no further word: " + words[1]);
    arguments.command = Command::status;
    return {std::move(arguments), {}};
}

CommandLine command_line(const po::variables_map& given) {
    Arguments arguments;
    const bool asks_help = given.contains("help"), asks_version = given.contains("version");
    if (asks_help || asks_version) {
        arguments.command = asks_help ? Command::help : Command::version;
        return {std::move(arguments), {}};
    }
    arguments.json = given.contains("json");
    const bool with_options = arguments.json || given.contains("runtime-dir");
    if (given.contains("runtime-dir")) arguments.runtime_dir = given["runtime-dir"].as<std::string>();
    if (!given.contains("word")) return wrong("what is it to do? status, or keygen FILE");
    const auto& words = given["word"].as<std::vector<std::string>>();
    if (words[0] == "keygen") return keygen(std::move(arguments), words, with_options);
    if (words[0] == "status") return status(std::move(arguments), words);
    return wrong("there is no command " + words[0] + ": status, or keygen FILE");
}

}  // namespace

CommandLine parse_arguments(const std::vector<std::string>& words) {
    const auto known = options();
    po::positional_options_description positions;
    positions.add("word", -1);
    // Program_options reports by exception.
    try {
        po::variables_map given;
        po::store(po::command_line_parser(words).options(known).positional(positions).run(), given);
        return command_line(given);
    } catch (const po::error& error) {
        return wrong(error.what());
    }
}

std::string help_text() {
    return R"(vrrpctl asks the vrrpd of this host, and makes keys.

  vrrpctl status          who is the gateway, and could this host take over now
  vrrpctl status --json   the same for programs
  vrrpctl keygen FILE     make the key that the members of peer_link share

  --runtime-dir DIR   of the vrrpd that is asked [/run/vrrpd]
  -v, --version       -h, --help

status ends with 0: all is well; 1: something is wrong, or this host could not
take over; 2: the command line; 3: no vrrpd could be asked.

The first key, on one host:

  vrrpctl keygen /etc/vrrpd/peer.key

Copy the file to the other members (mode 0600), and name it in peer_link:

  key_file /etc/vrrpd/peer.key
)";
}

}  // namespace vrrpd::ctl
