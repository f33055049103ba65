#!/usr/bin/env perl
# SPDX-License-Identifier: Apache-2.0
# Each file of agent/ includes what it names, so that it compiles by itself: the tests and the packages compile the files of a
# room together, where a missing include is not seen. For each name of the standard library below, and for each type of a header
# of agent/, a header that has it is among those which the file includes, or which headers of agent/ include for it.
# Usage: tests/own_includes.pl [DIRECTORY]   agent/ without it
use strict;
use warnings;
use File::Find;
use FindBin;
my $agent = $ARGV[0] // "$FindBin::Bin/../agent";

# Headers, and names of std:: that each of them is enough for.
my %names_of = (
    algorithm => 'adjacent_find all_of any_of binary_search copy_if copy_n count_if equal_range find_if find_if_not for_each includes is_sorted
                  clamp lower_bound max max_element min min_element minmax mismatch none_of nth_element partition remove_if replace reverse rotate search
                  set_difference set_intersection sort stable_sort transform unique upper_bound',
    array => 'array',
    atomic => 'atomic atomic_flag',
    bitset => 'bitset',
    cctype => 'isalnum isalpha isdigit isspace isxdigit tolower toupper',
    charconv => 'chars_format errc from_chars to_chars',
    chrono => 'chrono',
    condition_variable => 'condition_variable',
    csignal => 'signal',
    cstdlib => 'abort exit getenv strtol',
    cstring => 'memcmp memcpy memset strchr strcmp strerror strlen strncpy',
    deque => 'deque',
    exception => 'current_exception exception_ptr rethrow_exception uncaught_exceptions',
    filesystem => 'filesystem',
    fstream => 'fstream ifstream ofstream',
    functional => 'equal_to function hash less',
    future => 'async future launch promise',
    initializer_list => 'initializer_list',
    iostream => 'cerr cin cout',
    limits => 'numeric_limits',
    list => 'list',
    map => 'less map multimap',
    memory => 'enable_shared_from_this make_shared make_unique shared_ptr unique_ptr weak_ptr',
    mutex => 'lock_guard mutex scoped_lock unique_lock',
    numeric => 'accumulate iota',
    optional => 'make_optional nullopt nullopt_t optional',
    queue => 'priority_queue queue',
    random => 'mt19937 random_device uniform_int_distribution',
    regex => 'cmatch regex regex_match regex_search smatch',
    set => 'less multiset set',
    span => 'as_bytes span',
    sstream => 'istringstream ostringstream stringstream',
    stdexcept => 'invalid_argument logic_error out_of_range runtime_error',
    streambuf => 'streambuf',
    string => 'stoi stoul string string_view to_string',
    string_view => 'string_view',
    system_error => 'errc error_code generic_category system_category system_error',
    thread => 'jthread this_thread thread',
    tuple => 'make_tuple tie tuple',
    unordered_map => 'unordered_map',
    unordered_set => 'unordered_set',
    utility => 'exchange',
    variant => 'get_if holds_alternative monostate variant visit',
    vector => 'vector',
);
# What these have as well.
my %also = (
    filesystem => 'system_error', fstream => 'string', future => 'thread', map => 'utility', sstream => 'string', unordered_map => 'utility',
    vector => 'initializer_list', 'CLI/CLI.hpp' => 'functional memory string vector', 'fmt/format.h' => 'string',
    'nlohmann/json.hpp' => 'functional initializer_list map string vector', 'spdlog/spdlog.h' => 'chrono functional memory string',
);
my %header_of;
for my $header (keys %names_of) {
    push @{ $header_of{$_} }, $header for split ' ', $names_of{$header};
}

my %text;    # of each file, by its path below agent/, without comments and literals
find(sub {
    return unless /\.[ch]pp$/;
    my $path = $File::Find::name =~ s/^\Q$agent\E\/*//r;
    open my $file, '<', $_ or die "$path: $!";
    local $/;
    $text{$path} = <$file>;
}, $agent);
my (%includes, %declared, %forward, %home); # by file; the headers by type
for my $path (keys %text) {
    my ($room) = $path =~ m{^(?:(.*)/)?};
    for ($text{$path} =~ /^#include ([<"][^>"]+)[>"]/mg) {
        my $name = substr $_, 1;
        $name = "$room/$name" if /^"/ && $name !~ m{/} && $room;
        $includes{$path}{$name} = 1;
    }
    $text{$path} =~ s{R"\((?:.*?)\)"|"(?:[^"\\\n]|\\.)*"|//[^\n]*|/\*.*?\*/}{}gs;
    $text{$path} =~ s{'(?:[^'\\\n]|\\.)'}{}g;
    $forward{$path}{$_} = 1 for $text{$path} =~ /^(?:class|struct|enum class) ([A-Z]\w*);/mg;
    $text{$path} =~ s/^(?:class|struct|enum class) [A-Z]\w*;//mg;
    $declared{$path}{$_} = 1 for $text{$path} =~ /\b(?:class|struct|enum class|typename|using) ([A-Z]\w*)/g;
    # Members and functions of its own, and variables.
    $declared{$path}{$_} = 1 for $text{$path} =~ /(?<![\w.])(?!(?:return|throw|else|case|new)\b)[A-Za-z][\w:]*(?:<[^;()]*>)?[\s*&]+([a-z]\w*)[({]/g,
        $text{$path} =~ /\b([a-z]\w*) = \[/g;
    next unless $path =~ /\.hpp$/;
    $home{$_}{$path} = 1 for $text{$path} =~ /^using ([A-Z]\w*) =/mg;
    # Functions at the left margin are those of a namespace.
    $home{$_}{$path} = 1 for $text{$path} =~ /^(?:\[\[\w+\]\] )?(?:[A-Za-z][\w:<>, ]*[ *&>]+)([a-z]\w*)\(/mg;
    $home{$_}{$path} = 1 for $text{$path} =~ /^(?:template <[^\n]*>\n)?(?:class|struct|enum class) (?:\[\[\w+\]\] )?([A-Z]\w*)(?: final)?(?: ?:[^:;]| ?\{)/mg;
}

sub reach {
    my ($path, $seen) = @_;
    for my $name (keys %{ $includes{$path} // {} }) {
        next if $seen->{$name}++;
        reach($name, $seen) if $text{$name};
        $seen->{$_}++ for split ' ', $also{$name} // '';
    }
    return $seen;
}

my $bad = 0;
for my $path (sort keys %text) {
    my $seen = reach($path, { $path => 1 });
    if ($text{$path} =~ /\bfmt::/ && !grep { /^fmt\// } keys %$seen) {
        print "agent/$path: fmt:: needs #include <fmt/format.h>\n";
        $bad = 1;
    }
    my %used = map { $_ => 1 } $text{$path} =~ /\bstd::(\w+)/g;
    for my $name (sort keys %used) {
        my @headers = @{ $header_of{$name} // [] } or next;
        next if grep { $seen->{$_} } @headers;
        print "agent/$path: std::$name needs #include <", join('> or <', @headers), ">\n";
        $bad = 1;
    }
    my %words = map { $_ => 1 } $text{$path} =~ /(?<![\w.>])([A-Z]\w+)\b/g, $text{$path} =~ /(?<![\w.>:~])(?<!: )([a-z]\w*)\(/g;
    for my $name (sort keys %words) {
        my @homes = sort keys %{ $home{$name} // {} } or next;
        next if grep { $seen->{$_} } @homes;
        next if grep { $declared{$_}{$name} } keys %$seen;
        # A forward declaration is enough for a header.
        next if $path =~ /\.hpp$/ && grep { $forward{$_}{$name} } keys %$seen;
        print "agent/$path: $name needs #include \"", join('" or "', @homes), "\"\n";
        $bad = 1;
    }
}
exit $bad;
