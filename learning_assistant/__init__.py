"""A self-hosted learning assistant: curated resources, proven exercises, a model of one's own."""
