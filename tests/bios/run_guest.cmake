# Runs a guest program and judges it by its exit: (value << 1) | 1 of the exit
# port, so 1 is good, or what EXPECTED says. cmake -DVITRINE=... "-DARGUMENTS=..." -P run_guest.cmake
#   MAKE_DISK  a command, | between its words, that makes the disk DISK before;
#              the disk goes afterwards
if(MAKE_DISK)
  string(REPLACE "|" ";" MAKE_DISK "${MAKE_DISK}")
  execute_process(COMMAND ${MAKE_DISK} COMMAND_ERROR_IS_FATAL ANY)
endif()
execute_process(COMMAND ${VITRINE} -display none -debugcon stdio -exit-port
    -snapshot -limit 100s -m 16M ${ARGUMENTS}
  INPUT_FILE /dev/null RESULT_VARIABLE result)
if(MAKE_DISK)
  file(REMOVE ${DISK})
endif()
if(NOT DEFINED EXPECTED)
  set(EXPECTED 1)
endif()
if(NOT result EQUAL EXPECTED)
  message(FATAL_ERROR "vitrine ended with ${result}; above is what the guest said")
endif()
