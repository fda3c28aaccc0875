# The CDN keeps what the origin says may be kept, and asks again for the rest. What the origin must send for this is
# tested on the running nginx (tests/live/test_nginx.py).
resource "cloudflare_ruleset" "cache" {
  zone_id = var.zone_id
  name    = "Genesis: cache"
  kind    = "zone"
  phase   = "http_request_cache_settings"

  rules = [
    {
      ref         = "never"
      description = "Answers of the service are one person's own"
      expression  = "starts_with(http.request.uri.path, \"/api/\") or starts_with(http.request.uri.path, \"/health/\") or starts_with(http.request.uri.path, \"/socket.io/\") or starts_with(http.request.uri.path, \"/genesis-files/\")"
      action      = "set_cache_settings"
      action_parameters = {
        cache = false
      }
    },
    {
      ref         = "immutable"
      description = "Files whose names change with their content"
      expression  = "starts_with(http.request.uri.path, \"/_app/immutable/\")"
      action      = "set_cache_settings"
      action_parameters = {
        cache       = true
        edge_ttl    = { mode = "respect_origin" }
        browser_ttl = { mode = "respect_origin" }
        cache_key = {
          cache_deception_armor = true
          custom_key = {
            query_string = { exclude = { all = true } }
          }
        }
        serve_stale = { disable_stale_while_updating = false }
      }
    },
    {
      ref         = "pages"
      description = "Pages and the service worker are asked for anew: the origin says no-cache and has ETags"
      expression  = "not starts_with(http.request.uri.path, \"/api/\") and not starts_with(http.request.uri.path, \"/health/\") and not starts_with(http.request.uri.path, \"/socket.io/\") and not starts_with(http.request.uri.path, \"/genesis-files/\") and not starts_with(http.request.uri.path, \"/_app/immutable/\")"
      action      = "set_cache_settings"
      action_parameters = {
        cache                = true
        edge_ttl             = { mode = "respect_origin" }
        browser_ttl          = { mode = "respect_origin" }
        respect_strong_etags = true
      }
    },
  ]
}
