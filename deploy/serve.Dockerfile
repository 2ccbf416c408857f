# The detector's web service: `unmask serve` on the bundle in /bundle. docs/serving.md says how to build and run it.
#
#   docker build --file deploy/serve.Dockerfile --tag unmask-serve .
#
# Its packages are serve.txt's and what they need, in the versions and with the hashes of requirements.lock; HEATMAPS=yes
# adds Keras and TensorFlow. Arguments of `docker run` are added to the command: `--limit`, or another `--model`.
FROM python:3.12-slim-bookworm AS build
ARG HEATMAPS=no
WORKDIR /build
COPY pyproject.toml requirements.lock README.md ./
COPY deploy/serve.txt deploy/serve.txt
COPY src src
# The lock's pip comes first: older ones check hashes only of what is pinned where it is named, not of constraints.
RUN python -m venv /service \
 && awk '/^(pip|setuptools)==/ {is_tool = 1} is_tool {print} !/\\$/ {is_tool = 0}' requirements.lock > tools.txt \
 && sed '/^ *#/d; s/\[[^]]*\]//' requirements.lock > constraints.txt \
 && /service/bin/pip install --no-cache-dir --require-hashes -r tools.txt \
 && /service/bin/pip install --no-cache-dir --require-hashes -r deploy/serve.txt -c constraints.txt \
 && if [ "$HEATMAPS" = yes ]; then /service/bin/pip install --no-cache-dir --require-hashes -c constraints.txt keras matplotlib scikit-learn tensorflow; fi \
 && /service/bin/pip install --no-cache-dir --no-deps --no-build-isolation .

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
ENTRYPOINT ["unmask", "serve", "--host", "0.0.0.0", "--model", "/bundle"]
