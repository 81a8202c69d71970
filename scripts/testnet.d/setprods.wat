;; The contract that gives a test network its schedule. `setprods.hex` is this text, assembled.
;;
;; The bios contract of the wheel has no action that reaches set_proposed_producers, so `eosio`
;; carries this one instead, under the bios's ABI, whose `setprods(schedule)` is exactly the packed
;; form the host function takes (format 1: names with block signing authorities).
;;
;; Every other action is accepted and does nothing; `scripts/testnet push` lives on that.
(module
 (import "env" "action_data_size" (func $size (result i32)))
 (import "env" "read_action_data" (func $read (param i32 i32) (result i32)))
 (import "env" "set_proposed_producers_ex" (func $set (param i64 i32 i32) (result i64)))
 (import "env" "eosio_assert" (func $assert (param i32 i32)))
 (memory 1)
 ;; What eosio_assert says when the host refuses the schedule (an unknown account, a repeated name).
 (data (i32.const 8) "refused\00")
 (func (export "apply") (param i64 i64 i64) ;; receiver, code, action
  (local $n i32)
  ;; 14029658218335043584 is the name `setprods` as a number.
  (if (i64.eq (local.get 2) (i64.const 14029658218335043584))
   (then
    ;; The packed schedule goes to address 64; 21 producers take about 1,100 bytes of the one page.
    (local.set $n (call $size))
    (drop (call $read (i32.const 64) (local.get $n)))
    (call $assert
     (i64.ge_s (call $set (i64.const 1) (i32.const 64) (local.get $n)) (i64.const 0))
     (i32.const 8))))))
