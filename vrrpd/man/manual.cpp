// vrrpd-manual PAGE OUT: the page that is written by hand, with the list of keywords in the place that is marked. Used
// by the build.
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <string>

#include "vrrpd/man/keyword_list.hpp"

int main(int count, char** words) {
    if (count != 3) {
        std::cerr << "usage: vrrpd-manual PAGE OUT\n";
        return EXIT_FAILURE;
    }
    std::ifstream page(words[1]);
    std::ofstream out(words[2]);
    bool marked = false;
    for (std::string line; std::getline(page, line);) {
        const bool mark = line == R"(.\" @KEYWORDS@)";
        out << (mark ? vrrpd::man::keyword_list() : line + '\n');
        marked |= mark;
    }
    if (marked && page.eof() && out.flush()) return EXIT_SUCCESS;
    std::cerr << "vrrpd-manual: " << (marked ? "cannot read or write " : "there is no mark in ") << words[1] << '\n';
    return EXIT_FAILURE;
}
