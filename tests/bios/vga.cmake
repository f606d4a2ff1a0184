# The VGA BIOS by its functions, and the built-in disk by its self-test.
guest_machines(vga pc:486 isapc:8086 isapc:286)
guest_machines(vbe pc:486 isapc:386)

# Boots the built-in disk, which no drive option replaces, and presses keys.
function(demo_test name keys)
  set(script ${guest_images}/${name}.script)
  file(WRITE ${script} "wait \"Automatic tour\" 60s\ntype \"${keys}\"\n"
    "wait \"SELF-TEST\" 300s\nfail \"SELF-TEST FAILED\"\nsleep 1s\nquit\n")
  guest_test(${name} ${ARGN} -script ${script})
endfunction()

demo_test(demo_pc_486 t -machine pc -cpu 486)
demo_test(demo_isapc_386 t -machine isapc -cpu 386)
demo_test(demo_isapc_286 t -machine isapc -cpu 286)
demo_test(demo_isapc_8086 t -machine isapc -cpu 8086)
