# provisor_harden(TARGET): flags for what is installed, in every optimised build, so that a build from source has what the packages
# have. tests/system/harness/hardened.sh checks the built programs. No flag replaces one that is given in CXXFLAGS (those of
# dpkg-buildflags, of an rpm distribution, or of the compiler itself).
option(PROVISOR_HARDENING "Hardening flags, unless the build is not optimised or has sanitizers" ON)

include(CheckCXXCompilerFlag)
include(CheckCXXSourceCompiles)
include(CheckLinkerFlag)
include(CheckPIESupported)

set(hardening_definitions "")
set(hardening_compile "")
set(hardening_link "")

# Adds those of the given flags that the compiler takes.
macro(find_compiler_hardening)
    foreach(flag ${ARGN})
        string(MAKE_C_IDENTIFIER "PROVISOR_HAS${flag}" known)
        check_cxx_compiler_flag(${flag} ${known})
        if(${known})
            list(APPEND hardening_compile ${flag})
        endif()
    endforeach()
endmacro()

# Adds those of the given flags that the linker takes.
macro(find_linker_hardening)
    foreach(flag ${ARGN})
        string(MAKE_C_IDENTIFIER "PROVISOR_HAS${flag}" known)
        check_linker_flag(CXX ${flag} ${known})
        if(${known})
            list(APPEND hardening_link ${flag})
        endif()
    endforeach()
endmacro()

# Sets level to that of _FORTIFY_SOURCE: 3 where compiler and C library have it, else 2; to nothing where one is given.
function(find_fortification level)
    set(${level} "" PARENT_SCOPE)
    set(CMAKE_REQUIRED_FLAGS "-O2")
    check_cxx_source_compiles("#ifdef _FORTIFY_SOURCE\n#error given\n#endif\nint main() {}" PROVISOR_FORTIFY_IS_OURS)
    if(NOT PROVISOR_FORTIFY_IS_OURS)
        return()
    endif()
    set(CMAKE_REQUIRED_FLAGS "-O2 -Werror")
    set(CMAKE_REQUIRED_DEFINITIONS -D_FORTIFY_SOURCE=3)
    check_cxx_source_compiles("#include <cstdio>\n#if __USE_FORTIFY_LEVEL < 3\n#error lower\n#endif\nint main() {}"
                              PROVISOR_HAS_FORTIFY_3)
    if(PROVISOR_HAS_FORTIFY_3)
        set(${level} 3 PARENT_SCOPE)
    else()
        set(${level} 2 PARENT_SCOPE)
    endif()
endfunction()

string(TOUPPER "${CMAKE_BUILD_TYPE}" build_type)
if(PROVISOR_HARDENING AND NOT PROVISOR_SANITIZE AND NOT PROVISOR_FUZZ AND
   "${CMAKE_CXX_FLAGS} ${CMAKE_CXX_FLAGS_${build_type}}" MATCHES "-O([1-3s]|fast)")
    # Indexes out of bounds, empty optionals and the like end the program.
    list(APPEND hardening_definitions _GLIBCXX_ASSERTIONS)
    find_fortification(level)
    if(level)
        list(APPEND hardening_definitions _FORTIFY_SOURCE=${level})
    endif()
    find_compiler_hardening(-fstack-protector-strong -fstack-clash-protection)
    if(CMAKE_SYSTEM_PROCESSOR MATCHES "x86|i[3-6]86|AMD64")
        find_compiler_hardening(-fcf-protection=full)
    elseif(CMAKE_SYSTEM_PROCESSOR MATCHES "aarch64|arm64")
        find_compiler_hardening(-mbranch-protection=standard)
    endif()
    # -fPIE also for the rooms, which are static libraries: POSITION_INDEPENDENT_CODE would compile them with -fPIC, as for a shared
    # library, whose functions cannot be inlined into one another.
    check_pie_supported(LANGUAGES CXX)
    if(CMAKE_CXX_LINK_PIE_SUPPORTED)
        list(APPEND hardening_compile -fPIE)
        list(APPEND hardening_link -pie)
    endif()
    find_linker_hardening(-Wl,-z,relro -Wl,-z,now -Wl,-z,noexecstack -Wl,-z,separate-code)
endif()

# Private, so that tests that link a room are compiled and linked as they like.
function(provisor_harden target)
    target_compile_definitions(${target} PRIVATE ${hardening_definitions})
    target_compile_options(${target} PRIVATE ${hardening_compile})
    target_link_options(${target} PRIVATE ${hardening_link})
endfunction()
