# What is done in each mode; session.sh puts the addresses before it.
set pagination off
set confirm off
set width 0
set architecture $arch

# visit ADDRESS COUNTER: stop there twice, step between, watch the counter.
define visit
  break *$arg0
  continue
  printf "CHECK at %x ip %x cs %x\n", $pc, $ip, $cs
  x/i $pc
  monitor p cs:$ip
  set $before = *(unsigned short *)$arg1
  stepi
  printf "CHECK stepped %x\n", $pc
  continue
  printf "CHECK again %x counted %d\n", $pc, *(unsigned short *)$arg1 - $before
  delete
  watch *(unsigned short *)$arg1
  continue
  printf "CHECK watched %d bytes %x\n", *(unsigned short *)$arg1 - $before, *(unsigned short *)($pc - 2)
  delete
end

# walk ADDRESS: 2,000 steps from there.
define walk
  break *$arg0
  continue
  delete
  set $left = 2000
  while $left > 0
    printf "STEP %08x\n", $pc
    stepi
    set $left = $left - 1
  end
end
