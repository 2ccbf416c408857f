# The detector's web service: `unmask serve` on the bundle in /bundle. docs/serving.md says how to build and run it.
#
#   docker build --file deploy/serve.Dockerfile --tag unmask-serve .
#
# Its packages are serve.txt's, in the versions of requirements.lock; HEATMAPS=yes adds Keras and TensorFlow.
FROM python:3.12-slim-bookworm AS build
ARG HEATMAPS=no
# dlib is compiled.
RUN apt-get update && apt-get install --yes --no-install-recommends build-essential cmake && rm -rf /var/lib/apt/lists/*
WORKDIR /build
COPY pyproject.toml requirements.lock README.md ./
COPY deploy/serve.txt deploy/serve.txt
COPY src src
RUN python -m venv /service \
 && sed 's/ *\\$//; /^ *--hash/d; /^ *#/d; s/\[[^]]*\]//' requirements.lock > constraints.txt \
 && /service/bin/pip install --no-cache-dir -r deploy/serve.txt -c constraints.txt \
 && if [ "$HEATMAPS" = yes ]; then /service/bin/pip install --no-cache-dir -c constraints.txt keras matplotlib scikit-learn tensorflow; fi \
 && /service/bin/pip install --no-cache-dir --no-deps .

FROM python:3.12-slim-bookworm
RUN useradd --system --uid 10001 --no-create-home unmask
COPY --from=build /service /service
ENV PATH=/service/bin:$PATH PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1 HOME=/tmp MPLCONFIGDIR=/tmp
USER 10001
WORKDIR /tmp
EXPOSE 7860
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s --retries=3 \
  CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:7860/healthz', timeout=4)"]
ENTRYPOINT ["unmask", "serve", "--host", "0.0.0.0"]
CMD ["--model", "/bundle"]
