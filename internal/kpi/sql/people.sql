{{define "people"}}-- Who belongs to which reported team. Teams under {{fewest}} persons go into '*', and so does the next larger team where
-- '*' would itself be so small, or else the total would tell what the teams hide.
known AS (
  SELECT ext_id AS person, COALESCE(team, '') AS team,
    CASE WHEN COALESCE(active, 1) = 1 AND left_day IS NULL AND deleted_at IS NULL THEN 1 ELSE 0 END AS active
  FROM crm_user WHERE source = {{source}} AND COALESCE(is_person, 1) = 1 AND merged_into IS NULL
),
sized AS (
  SELECT team, CASE WHEN team = '' THEN 0 ELSE 1 END AS named, COUNT(*) AS people, SUM(active) AS persons FROM known GROUP BY team
),
ranked AS (
  SELECT team, named, persons,
    SUM(people) OVER (ORDER BY named, persons, team ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) - people AS people_before,
    SUM(persons) OVER (ORDER BY named, persons, team ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) - persons AS persons_before
  FROM sized
),
merged AS (
  SELECT team, persons, CASE WHEN named = 0 OR persons < {{fewest}} OR people_before > 0 AND persons_before < {{fewest}} THEN '*' ELSE team END AS shown
  FROM ranked
),
reported AS (
  SELECT team, CASE WHEN shown <> '*' OR (SELECT SUM(persons) FROM merged WHERE shown = '*') >= {{fewest}} THEN shown END AS shown
  FROM merged
),
named AS (
  SELECT person AS id, person FROM known
  UNION ALL
  SELECT ext_id, merged_into FROM crm_user WHERE source = {{source}} AND merged_into IS NOT NULL
  UNION ALL
  SELECT ext_id, person FROM crm_user_alias
  WHERE source = {{source}} AND deleted_at IS NULL AND ext_id NOT IN (SELECT ext_id FROM crm_user WHERE source = {{source}})
),
member AS (
  SELECT n.id AS id, n.person AS person, r.shown AS team
  FROM named n JOIN known k ON k.person = n.person JOIN reported r ON r.team = k.team
){{end}}

{{define "home"}}CASE WHEN home_amount IS NOT NULL THEN home_amount
      WHEN currency IS NULL OR currency = (SELECT currency FROM crm_source WHERE id = {{source}}) THEN amount END{{end}}
