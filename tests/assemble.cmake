# assemble_images(TARGET): assembles each program of the present folder into
# NAME.bin in the binary folder of the same name.
find_program(NASM nasm REQUIRED)

function(assemble_images target)
  file(GLOB sources CONFIGURE_DEPENDS *.asm)
  file(GLOB includes CONFIGURE_DEPENDS *.inc)
  foreach(source IN LISTS sources)
    get_filename_component(name ${source} NAME_WE)
    set(image ${CMAKE_CURRENT_BINARY_DIR}/${name}.bin)
    add_custom_command(OUTPUT ${image}
      COMMAND ${NASM} -f bin -w+error -I ${CMAKE_CURRENT_SOURCE_DIR}/
        -o ${image} ${source}
      DEPENDS ${source} ${includes}
      COMMENT "Assembling ${name}.bin" VERBATIM)
    list(APPEND images ${image})
  endforeach()
  add_custom_target(${target} ALL DEPENDS ${images})
endfunction()
