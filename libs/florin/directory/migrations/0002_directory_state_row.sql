INSERT IGNORE INTO directory_state (id) VALUES (1)
