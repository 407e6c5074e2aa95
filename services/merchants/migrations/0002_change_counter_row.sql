INSERT IGNORE INTO change_counter (id, epoch, version) VALUES (1, REPLACE(UUID(), '-', ''), 0)
