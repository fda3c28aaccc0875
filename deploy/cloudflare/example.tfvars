zone_id = "0123456789abcdef0123456789abcdef"
host    = "tabs.example.org"
origin  = "192.0.2.10"
