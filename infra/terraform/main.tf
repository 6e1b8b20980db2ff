# What has to be in a cluster before Coko can run there: the namespace, the secrets, and the Argo CD application that
# deploys the rest. The cluster and the servers (PostgreSQL, NATS, Redis, Meilisearch) are somebody else's modules.

locals {
  # The domains are not secret, their URLs are.
  domains = nonsensitive(toset(keys(var.database_urls)))

  # What a role needs besides its database.
  extra = {
    auth = {
      COKO_AUTH_ROOT_KEYS   = var.auth_keys.root_keys
      COKO_AUTH_COLUMN_KEYS = var.auth_keys.column_keys
      COKO_AUTH_LOOKUP_KEY  = var.auth_keys.lookup_key
    }
    file = {
      COKO_S3_BUCKET            = var.storage.bucket
      COKO_S3_ENDPOINT          = var.storage.endpoint
      COKO_S3_REGION            = var.storage.region
      COKO_S3_ACCESS_KEY_ID     = var.storage.access_key_id
      COKO_S3_SECRET_ACCESS_KEY = var.storage.secret_access_key
    }
    reading = {
      COKO_READING_LICENSE_KEYS = var.license_keys
    }
  }
}

resource "kubernetes_namespace_v1" "coko" {
  metadata {
    name = var.namespace
    labels = {
      "app.kubernetes.io/part-of"          = "coko"
      "pod-security.kubernetes.io/enforce" = "restricted"
    }
  }
}

resource "kubernetes_secret_v1" "platform" {
  metadata {
    name      = "coko-platform"
    namespace = kubernetes_namespace_v1.coko.metadata[0].name
  }
  data = {
    COKO_NATS_URL             = var.platform.nats_url
    COKO_REDIS_URL            = var.platform.redis_url
    COKO_MEILISEARCH_URL      = var.platform.meilisearch_url
    COKO_MEILISEARCH_KEY      = var.platform.meilisearch_key
    COKO_MAIL_URL             = var.platform.mail_url
    COKO_IDENTITY_PUBLIC_KEYS = var.platform.public_keys
    COKO_INTERNAL_KEY         = var.platform.internal_key
  }
}

resource "kubernetes_secret_v1" "role" {
  for_each = local.domains

  metadata {
    name      = "coko-${each.key}"
    namespace = kubernetes_namespace_v1.coko.metadata[0].name
  }
  data = merge(
    { "COKO_${upper(each.key)}_DATABASE_URL" = var.database_urls[each.key] },
    lookup(local.extra, each.key, {}),
  )
}

resource "kubernetes_manifest" "application" {
  count    = var.gitops ? 1 : 0
  manifest = yamldecode(file("${path.module}/../gitops/application.yaml"))

  # The first rollout needs the secrets.
  depends_on = [kubernetes_secret_v1.platform, kubernetes_secret_v1.role]
}
