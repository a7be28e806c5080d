-- Nothing reads by these: transactions are found by their reference or number, events by their store's
-- sequence. Every order and every statement wrote an entry of each.
DROP INDEX ledger_transaction_program_id_id_idx;
DROP INDEX event_sequence_key;
