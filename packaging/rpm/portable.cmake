# Given as CMAKE_PROJECT_provisor_INCLUDE: links yaml-cpp from its archive, since its shared library has another name in
# every distribution. Runs when the project has found yaml-cpp.
function(link_yaml_cpp_statically)
    find_library(yaml_cpp_archive libyaml-cpp.a REQUIRED)
    get_target_property(configurations yaml-cpp IMPORTED_CONFIGURATIONS)
    foreach(configuration ${configurations})
        set_target_properties(yaml-cpp PROPERTIES IMPORTED_LOCATION_${configuration} ${yaml_cpp_archive})
    endforeach()
endfunction()
cmake_language(DEFER CALL link_yaml_cpp_statically)
