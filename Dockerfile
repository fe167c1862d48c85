# The report and the service in a container. Not built where the tests run: they check that the commands exist.
FROM python:3.11-slim
RUN apt-get update && apt-get install -y --no-install-recommends libgl1 libglib2.0-0 && rm -rf /var/lib/apt/lists/*
WORKDIR /featurelens
COPY . .
RUN pip install --no-cache-dir ".[serve,formats,store]" && useradd --create-home reader
USER reader
WORKDIR /data
EXPOSE 8000
ENTRYPOINT ["featurelens"]
CMD ["report", "--output", "/data/featurelens-report.html"]
