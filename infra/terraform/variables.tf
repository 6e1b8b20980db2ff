variable "namespace" {
  description = "Namespace of the platform; the same as in the overlay and in the Argo CD application."
  type        = string
  default     = "coko"
}

variable "platform" {
  description = "What every role needs: URLs of NATS, Redis, Meilisearch and the mail server (`smtps://user:password@host`), the public root keys `<id>:<hex>`, and the key that gateway and subgraphs share (at least 32 characters)."
  type = object({
    nats_url        = string
    redis_url       = string
    meilisearch_url = string
    meilisearch_key = string
    mail_url        = string
    public_keys     = string
    internal_key    = string
  })
  sensitive = true

  validation {
    condition     = length(var.platform.internal_key) >= 32
    error_message = "internal_key needs at least 32 characters."
  }
}

variable "database_urls" {
  description = "`postgres://user:password@host:port/coko_<domain>` by domain."
  type        = map(string)
  sensitive   = true

  validation {
    condition     = alltrue([for url in values(var.database_urls) : startswith(url, "postgres://") || startswith(url, "postgresql://")])
    error_message = "Every database URL starts with postgres:// or postgresql://."
  }
  validation {
    condition     = alltrue([for domain in ["auth", "catalog", "file", "payment", "reading", "recommendation", "gamification", "community", "publication", "notification", "admin"] : contains(keys(var.database_urls), domain)])
    error_message = "The domains auth, catalog, file, payment, reading, recommendation, gamification, community, publication, notification and admin each need a database URL."
  }
}

variable "auth_keys" {
  description = "Auth's own: root keys `<id>:<hex>` (the first signs, all are published), column keys `<id>:<base64>` (the first seals, all open), and the key of blind lookups (at least 32 characters)."
  type = object({
    root_keys   = string
    column_keys = string
    lookup_key  = string
  })
  sensitive = true
}

variable "storage" {
  description = "The bucket that files are kept in: S3 or anything that speaks its protocol."
  type = object({
    bucket            = string
    endpoint          = string
    region            = string
    access_key_id     = string
    secret_access_key = string
  })
  sensitive = true
}

variable "license_keys" {
  description = "Reading's own: Ed25519 keys of offline licences `<id>:<hex>`, as `coko token keygen` prints them (the first signs, all are published)."
  type        = string
  sensitive   = true
}

variable "gitops" {
  description = "Whether Argo CD, already installed in the cluster, is told to deploy infra/gitops/application.yaml."
  type        = bool
  default     = true
}
